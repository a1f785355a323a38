"""Where sentences begin and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.data.cutting import sentences
from mainspring.data.cutting.sentences import MAX_SENTENCE_CHARS


def found(text: str, *, by_line: bool = False) -> list[str]:
    return [text[one.start : one.end] for one in sentences(text, by_line=by_line)]


@pytest.mark.parametrize(
    "whole",
    [
        "Dr. Smith met Mrs. Jones at St. Paul's.",
        "He met J. R. R. Tolkien in Oxford.",
        "Use a fast disk, e.g. An SSD will do.",
        "See Fig. 2 and No. 5 on p. 17.",
        "It weighs 3.14 kg and costs 1.000.000 lire.",
        "The summit (elev. 1,666 m) is bare.",
        "Go to https://example.org/a.b?c=1. e4 is next.",
        "The U.S. Navy left at 5 p.m. Monday.",
        "Apple Inc. Chairman Levinson spoke.",
        "He waited ... and then he left.",
        "“Why?” he asked.",
        "Am 3. Mai 1990 kam er nach Bonn.",
        "Im 19. Jahrhundert gab es z. B. Dampfmaschinen.",
        "Er wohnt im 2. Stock bzw. Dachgeschoss der Nr. 7.",
        "Am 3. 5. 1990 war es so.",
        "M. Dupont habite av. Foch, c.-à-d. Paris.",
        "El Sr. Pérez y la Dra. Gómez viven en el núm. 5.",
        "Version 2.0 came out (cf. Sec. 4) in Aug. 1999.",
        "A sentence that was wrapped\nby an editor goes on.",
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(whole: str) -> None:
    assert found(whole) == [whole]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("It is late.", "We go."),
        ("Is it late?", "“No!”"),
        ("She said: “It is late.”", "We went."),
        ("(It was late.)", "We went."),
        ("He said no.", "Then he left."),
        ("They sell apples, pears, etc.", "All is fresh."),
        ("He lives in the U.S.", "The climate suits him."),
        ("It opens at 9 a.m.", "It closes at noon."),
        ("It was founded in 1999.", "Since then it grew."),
        ("Das war 1886.", "Danach kam Otto."),
        ("Es gibt Äpfel, Birnen usw.", "Alles ist frisch."),
        ("Il dit « Bonjour. »", "Puis il part."),
        ("¿Qué hora es?", "¡Es tarde!"),
        ("It was shown before.[12]", "It holds."),
        ("Nobody wants Ada's.", "Bea has another one."),
        ("They waited...", "Nobody came."),
    ],
)
def test_a_sentence_ends_where_the_next_one_begins(first: str, second: str) -> None:
    assert found(f"{first} {second}") == [first, second]


def test_chinese_sentences_need_no_blanks_between_them() -> None:
    assert found("今天天气很好。我们去公园！「好吗？」他说。") == [
        "今天天气很好。",
        "我们去公园！",
        "「好吗？」",
        "他说。",
    ]


def test_headings_list_items_table_rows_and_code_end_with_their_lines() -> None:
    text = (
        "## The pump\nIt has two parts:\n- a motor\n- a wheel that\n  turns\n1. Open it\n2. Close it\n"
        "| part | mass |\n| --- | --- |\nmotor | 2 kg. Or 3\n```\nx = 1. + y\nprint(x)\n```\nDone."
    )
    assert found(text) == [
        "## The pump",
        "It has two parts:",
        "- a motor",
        "- a wheel that\n  turns",
        "1. Open it",
        "2. Close it",
        "| part | mass |",
        "| --- | --- |",
        "motor | 2 kg. Or 3",
        "```",
        "x = 1. + y",
        "print(x)",
        "```",
        "Done.",
    ]


def test_a_blank_line_ends_a_sentence_without_a_full_stop() -> None:
    assert found("no stop here\n \nand none here") == ["no stop here", "and none here"]


def test_a_line_that_was_broken_early_ends_a_sentence() -> None:
    assert found("Safety\nAlways wear gloves when you open the housing.") == [
        "Safety",
        "Always wear gloves when you open the housing.",
    ]


def test_each_line_is_a_sentence_where_that_is_asked_for() -> None:
    assert found("a = b. C\nif a:\n    pass", by_line=True) == ["a = b. C", "if a:", "pass"]


def test_an_endless_sentence_is_cut_at_clauses() -> None:
    text = ", ".join(["and so it goes on and on"] * 300)
    cut = found(text)
    assert max(map(len, cut)) <= MAX_SENTENCE_CHARS
    assert all(one.endswith(",") for one in cut[:-1])
    assert " ".join(cut) == text


def test_an_endless_word_stays_whole() -> None:
    word = "a1" * MAX_SENTENCE_CHARS
    assert found(f"Before. {word} after it.") == ["Before.", word, "after it."]


def test_sentences_of_a_part_have_offsets_in_the_whole() -> None:
    text = "One. Two. Three."
    assert [text[one.start : one.end] for one in sentences(text, 5, 9)] == ["Two."]


PIECES = st.sampled_from(
    [
        "Dr.",
        "z. B.",
        "3.",
        "Mai",
        "e.g.",
        "The",
        "end",
        "。",
        "!",
        "...",
        "«",
        "»",
        '"',
        "\n",
        "\n\n",
        " ",
        "\t",
        "|",
        "- ",
        "# ",
        "```",
        "word",
        "WORD",
        "1990",
        "(",
        ")",
        "\u00a0",
        "\x1c",
        "\r",
        "é",
        "今天",
        "𝒜",
        "🙂",
        "x" * 700,
        "y, " * 500,
    ]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join))


@given(text=TEXTS, by_line=st.booleans())
def test_every_character_that_is_not_blank_is_in_exactly_one_sentence(text: str, *, by_line: bool) -> None:
    behind = 0
    for one in sentences(text, by_line=by_line):
        assert not text[behind : one.start].strip()
        assert text[one.start : one.end] == text[one.start : one.end].strip() != ""
        behind = one.end
    assert not text[behind:].strip()


@given(text=TEXTS)
def test_no_word_is_cut(text: str) -> None:
    words = [word for one in found(text) for word in one.split()]
    assert words == text.split() or any(char > "\u2e80" for char in text)
