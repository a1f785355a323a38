"""Passages of documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.data import Document, Heading, Passage
from mainspring.data.cutting import cut, estimate, sentences


def words(text: str) -> int:
    return len(text.split())


def document(text: str, kind: str = "markdown") -> Document:
    """Make a document of Markdown, its headings found."""
    headings, offset = [], 0
    for line in text.split("\n"):
        level = len(line) - len(line.lstrip("#"))
        if level:
            headings.append(Heading(start=offset, level=level, title=line[level:].strip()))
        offset += len(line) + 1
    return Document(name="a.md", kind=kind, digest="0", text=text, headings=tuple(headings))


def prose(n_sentences: int, what: str = "wheel") -> str:
    """Make a paragraph of sentences of ten words."""
    return " ".join(f"Here is the {what} number {n} of a long row." for n in range(n_sentences))


def cut_words(text: str, most: int, least: int = 0) -> list[Passage]:
    return cut(document(text), max_tokens=most, min_tokens=least, count=words)


def test_a_section_that_fits_stays_together_with_its_subsections() -> None:
    text = f"# One\n\n{prose(3)}\n\n## Below\n\n{prose(3)}\n\n# Two\n\n{prose(6)}"
    assert [passage.text.split("\n")[0] for passage in cut_words(text, most=70)] == ["# One", "# Two"]


def test_sections_are_not_mixed_to_fill_a_passage() -> None:
    text = f"# One\n\n{prose(2)}\n\n# Two\n\n{prose(2)}\n\n# Three\n\n{prose(2)}"
    assert [passage.headings for passage in cut_words(text, most=60, least=10)] == [("One",), ("Two",), ("Three",)]


def test_tiny_sections_join_each_other() -> None:
    text = "# One\n\nIt is small.\n\n# Two\n\nIt is small too.\n\n# Three\n\n" + prose(5)
    cutting = cut_words(text, most=60, least=20)
    assert [passage.text.count("#") for passage in cutting] == [2, 1]


def test_a_tiny_section_does_not_join_a_large_one_over_an_outermost_heading() -> None:
    text = f"# One\n\nIt is small.\n\n# Two\n\n{prose(6)}"
    assert [p.headings for p in cut_words(text, most=65, least=20)] == [("One",), ("Two",)]


def test_a_tiny_subsection_joins_its_section() -> None:
    text = f"# Book\n\n## One\n\n{prose(6)}\n\n## Two\n\nIt is small.\n\n## Three\n\n{prose(8)}"
    assert [p.text.count("##") for p in cut_words(text, most=85, least=20)] == [2, 1]


def test_a_heading_is_never_alone() -> None:
    text = f"# Part\n\n## Chapter\n\n{prose(12)}\n\n## Next\n\n{prose(12)}"
    for passage in cut_words(text, most=50):
        assert not passage.text.splitlines()[-1].startswith("#")
    assert cut_words(text, most=50)[0].headings == ("Part", "Chapter")


def test_a_section_that_is_cut_gives_pieces_of_about_one_size() -> None:
    sizes = [passage.n_tokens for passage in cut_words(prose(21), most=100)]
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 10


def test_a_cut_is_rather_between_paragraphs_than_within_one() -> None:
    text = f"{prose(7)}\n\n{prose(6)}"
    assert [passage.n_tokens for passage in cut_words(text, most=100)] == [70, 60]


def test_a_list_stays_with_the_line_that_announces_it() -> None:
    text = f"{prose(5)}\n\n{prose(1)} These are its parts:\n\n{prose(5)}"
    assert not any(passage.text.endswith(":") for passage in cut_words(text, most=70))


def test_a_block_of_code_is_rather_not_cut() -> None:
    code = "\n".join(f"print the value of line number {n}" for n in range(6))
    text = f"{prose(3)}\n\n{prose(3)}\n\n```\n{code}\n```\n\n{prose(3)}"
    assert all(passage.text.count("```") != 1 for passage in cut_words(text, most=80))


def test_an_outline_that_points_into_a_sentence_does_not_cut_it() -> None:
    text = f"{prose(5)} It began here and went on over the page to the end. {prose(5)}"
    heading = Heading(start=text.index("over the page"), level=1, title="Chapter 2")
    pieces = cut(
        Document(name="a.pdf", kind="pdf", digest="0", text=text, headings=(heading,)), max_tokens=70, count=words
    )
    assert [p.headings for p in pieces] == [(), ("Chapter 2",)]
    assert pieces[1].text.startswith("It began here")


def test_a_passage_stands_under_the_headings_that_all_of_it_does() -> None:
    text = f"# Book\n\n{prose(2)}\n\n## One\n\n{prose(2)}\n\n## Two\n\n{prose(8)}"
    assert [p.headings for p in cut_words(text, most=90, least=30)] == [("Book",), ("Book", "Two")]


def test_a_passage_knows_its_page_and_place() -> None:
    text = f"{prose(5)}\n\n{prose(5)}"
    pages = (0, text.index("\n\n") + 2)
    pieces = cut(
        Document(name="a.pdf", kind="pdf", digest="0", text=text, pages=pages),
        max_tokens=50,
        min_tokens=0,
        count=words,
    )
    assert [(p.place, p.page) for p in pieces] == [(0, 1), (1, 2)]


def test_code_is_cut_between_lines() -> None:
    text = "\n".join(f"value_{n} = make(n, 1.5). Then" for n in range(20))
    for passage in cut(document(text, kind="code"), max_tokens=20, min_tokens=0, count=words):
        assert passage.text.startswith("value_")


def test_an_empty_document_has_no_passages() -> None:
    assert cut(document(" \n\n ")) == []


def test_sizes_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="min_tokens"):
        cut(document("It is."), max_tokens=10, min_tokens=20)


def test_counting_sees_every_character_once() -> None:
    text = f"# One\n\n{prose(40)}\n\n## Two\n\n{prose(40)}"
    counted: list[str] = []

    def count(part: str) -> int:
        counted.append(part)
        return words(part)

    cut(document(text), max_tokens=60, count=count)
    assert "".join(counted) == text


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [("a" * 400, 90, 130), ("今" * 100, 65, 150), ("ж" * 100, 35, 70), ("", 0, 0), ("x", 1, 1)],
)
def test_the_estimate_depends_on_the_script(text: str, least: int, most: int) -> None:
    assert least <= estimate(text) <= most


LINES = st.sampled_from(
    [
        "# One",
        "## Two",
        "### Three",
        "",
        "",
        "It is so. It is not so!",
        prose(3),
        prose(12),
        "- item",
        "word",
        "x" * 3000,
        "今天。" * 9,
    ]
)


@given(text=st.one_of(st.lists(LINES, max_size=25).map("\n".join), st.text(max_size=300)), most=st.integers(5, 80))
def test_passages_hold_every_sentence_once_in_order_and_within_bounds(text: str, most: int) -> None:
    source = document(text)
    passages = cut(source, max_tokens=most, min_tokens=min(most, 10), count=words)
    behind = 0
    for place, passage in enumerate(passages):
        assert (passage.place, passage.document) == (place, source.id)
        assert passage.text == text[passage.start : passage.end]
        assert not text[behind : passage.start].strip()
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end
        for before, after in zip(passage.sentences, passage.sentences[1:], strict=False):
            assert not text[before.end : after.start].strip()
        assert passage.n_tokens == sum(words(passage.quote(one)) for one in passage.sentences)
        assert passage.n_tokens <= most or len(passage.sentences) == 1
        behind = passage.end
    assert not text[behind:].strip()


@given(text=st.lists(LINES, max_size=25).map("\n".join))
def test_without_headings_the_sentences_are_those_of_the_text(text: str) -> None:
    source = Document(name="a.txt", kind="text", digest="0", text=text)
    held = [one for passage in cut(source, max_tokens=50, min_tokens=5, count=words) for one in passage.sentences]
    assert held == sentences(text)
