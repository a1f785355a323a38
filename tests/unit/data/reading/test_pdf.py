import pytest

from mainspring.data import Document
from mainspring.data.reading import Limits, Unreadable, read_bytes
from tests.unit.data.reading.making import Words, lines, make_pdf

PROSE = (
    "The gauge stands on the left bank of the river and is read each morning at",
    "seven. Whoever has the watch writes the level down in the book, together with",
    "the weather and the wind. Nobody else may write in it.",
)


def read(raw: bytes) -> Document:
    (document,) = read_bytes(raw, "a.pdf")
    return document


def test_lines_that_fill_their_column_are_one_paragraph() -> None:
    document = read(make_pdf([[*lines(*PROSE), *lines("The book stays there.", top=630)]]))
    assert document.text == " ".join(PROSE) + "\n\nThe book stays there."


def test_a_list_keeps_its_lines() -> None:
    document = read(make_pdf([lines(*PROSE, "\u2022 one thing", "\u2022 another thing")]))
    assert document.text.endswith("write in it.\n\u2022 one thing\n\u2022 another thing")


def test_pages_begin_where_their_text_does_and_a_sentence_goes_on_over_them() -> None:
    document = read(make_pdf([lines(*PROSE[:2]), [], lines(PROSE[2]), lines("The end.")]))
    first, empty, third, last = document.pages
    assert document.text == " ".join(PROSE) + "\n\nThe end."
    assert (first, empty) == (0, third)
    assert document.text[third:].startswith("the weather")
    assert document.text[last:] == "The end."
    assert document.notes == ("pages that hold no text, only images at most: 2",)


def test_words_parted_at_line_ends_are_joined_unless_they_have_a_hyphen_elsewhere() -> None:
    page = lines("The reading is taken every morn-", "ing by a well-", "known and well-known keeper.")
    assert (
        read(make_pdf([page])).text == "The reading is taken every morning by a well-known and well-known keeper."
    )


def test_a_word_parted_by_a_page_is_joined() -> None:
    document = read(make_pdf([lines("The reading is taken every morn-"), lines("ing by the keeper.")]))
    assert "every morning" in document.text
    assert document.text[document.pages[1] :] == "by the keeper."


def test_running_heads_and_page_numbers_are_dropped() -> None:
    pages = [
        [Words("River office", y=760), *lines(f"Words of page {name}."), Words(str(number), x=300, y=40)]
        for number, name in enumerate(("one", "two", "three", "four"), start=11)
    ]
    assert read(make_pdf(pages)).text == "\n\n".join(
        f"Words of page {name}." for name in ("one", "two", "three", "four")
    )


def test_the_outline_says_what_the_headings_are() -> None:
    pages = [[Words("1 Reading", y=740), *lines(*PROSE)], [Words("2 Writing", y=740), *lines(*PROSE)]]
    document = read(make_pdf(pages, bookmarks=[("Reading", 0), ("Writing", 1), ("Not there", 1)]))
    assert [(heading.title, heading.level) for heading in document.headings] == [("1 Reading", 1), ("2 Writing", 1)]
    assert all(document.text.startswith(heading.title, heading.start) for heading in document.headings)
    assert document.page_at(document.headings[1].start) == 2


def test_without_an_outline_larger_letters_are_headings() -> None:
    page = [Words("On the gauge", y=760, size=20), Words("Reading it", y=730, size=14), *lines(*PROSE)]
    document = read(make_pdf([page]))
    assert [(heading.title, heading.level) for heading in document.headings] == [
        ("On the gauge", 1),
        ("Reading it", 2),
    ]
    assert document.headings_at(len(document.text) - 1) == ("On the gauge", "Reading it")


def test_a_file_that_only_its_owner_may_change_is_read() -> None:
    assert read(make_pdf([lines("Locked words.")], password="")).text == "Locked words."


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (make_pdf([lines("Secret.")], password="hush"), "encrypted"),
        (make_pdf([[], []]), "no_text"),
        (b"%PDF-1.4\nno more", "broken"),
        (make_pdf([lines("one")] * 3), "too_large"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_bytes(raw, "a.pdf", limits=Limits(pages=2))
    assert caught.value.reason == reason
    assert "'a.pdf'" in str(caught.value)
