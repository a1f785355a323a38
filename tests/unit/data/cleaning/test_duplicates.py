"""Duplicates among texts and among examples: what counts as one, and what does not."""

import itertools
import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning import Duplicates, ExampleDuplicates, Match
from mainspring.data.cleaning.shingles import char_shingles, jaccard, normalised

RETURNS = "Goods may be returned within thirty days of delivery, unused and in their original packaging."
NEARLY = "Goods may be returned within thirty days of the delivery, unused and in their original packaging."
TEXTS = st.lists(st.text(max_size=60), max_size=12)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How long may I return it?", "how long  may I return it"),
        ("»Wie lange?« – sagte sie", "Wie lange? sagte sie."),
        ("STRASSE", "straße"),
        ("ﬁne café", "fine cafe\u0301"),
        ("退货期限是多久？", "退货期限是多久"),
        ("great 👍", "Great, 👍!"),
        ("soft\u00adhyphen", "softhyphen"),
        ("", "  "),
    ],
)
def test_case_punctuation_and_white_space_make_no_other_text(first: str, second: str) -> None:
    known = Duplicates()
    assert known.add("a", first) is None
    assert known.add("b", second) == Match("a", 1.0)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("What is C?", "What is C#?"),
        ("What is C++?", "What is C?"),
        ("👍", "👎"),
        ("?", "!"),
        ("It costs 5", "It costs -5"),
        ("5 + 3", "5 - 3"),
        ("दिन", "दीन"),
        ("", "?"),
    ],
)
def test_signs_that_mean_something_make_another_text(first: str, second: str) -> None:
    assert normalised(first) != normalised(second)


def test_a_text_with_a_word_more_is_a_near_duplicate_of_the_earlier_one() -> None:
    known = Duplicates()
    assert known.add("first", RETURNS) is None
    match = known.add("second", NEARLY)
    assert match is not None
    assert match.id == "first"
    assert match.similarity == jaccard(char_shingles(normalised(RETURNS)), char_shingles(normalised(NEARLY)))
    assert 0.7 <= match.similarity < 1.0


def test_what_was_refused_refuses_nothing_itself() -> None:
    words = [f"{letter}{letter}{letter}{letter}" for letter in "abcdefghijkl"]
    chain = [
        " ".join(words),
        " ".join([*words[:10], "ELF", "ZWÖLF"]),
        " ".join([*words[:6], *"abcdef", "ELF", "ZWÖLF"]),
    ]
    known = Duplicates(0.4)
    assert known.add("first", chain[0]) is None
    assert known.add("second", chain[1]) is not None
    assert jaccard(char_shingles(normalised(chain[1])), char_shingles(normalised(chain[2]))) >= 0.4
    assert known.add("third", chain[2]) is None


def test_the_most_similar_of_several_is_named() -> None:
    known = Duplicates(0.5)
    known.add("far", RETURNS.replace("unused and in their original packaging", "if the seal is whole"))
    known.add("near", RETURNS)
    match = known.add("third", NEARLY)
    assert match is not None
    assert match.id == "near"


def test_looking_keeps_nothing() -> None:
    known = Duplicates()
    known.add("first", RETURNS)
    assert known.find("Something else altogether") is None
    assert known.find("Something else altogether") is None
    assert known.find(NEARLY) is not None
    assert len(known) == 1


def test_near_duplicates_are_found_among_thousands_and_nothing_else_is() -> None:
    rng = random.Random(7)  # noqa: S311 - repeatable
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(3000)]
    texts = [" ".join(rng.choices(words, k=40)) for _ in range(2000)]
    changed = [
        " ".join(word if rng.random() > 0.03 else rng.choice(words) for word in text.split()) for text in texts
    ]
    known = Duplicates()
    assert not any(known.add(f"{number}", text) for number, text in enumerate(texts))
    exact = [
        jaccard(char_shingles(text), char_shingles(other)) >= 0.7
        for text, other in zip(texts[:300], changed, strict=False)
    ]
    assert sum(exact) > 200
    found = [known.find(text) for text in changed[:300]]
    assert [match is not None for match in found] == exact
    assert all(match is None or match.id == f"{number}" for number, match in enumerate(found))


def test_a_very_long_text_is_compared_like_any_other() -> None:
    rng = random.Random(3)  # noqa: S311 - repeatable
    long = " ".join(f"word{rng.randrange(10**6)}" for _ in range(20_000))
    known = Duplicates()
    assert known.add("long", long) is None
    assert known.add("longer", f"{long} and a little more") is not None


@pytest.mark.parametrize("text", ["\ud800 a lone surrogate", "\ud800", "a\0b", "\u200b", "😀" * 3])
def test_no_text_is_too_odd_to_be_compared(text: str) -> None:
    known = Duplicates()
    assert known.add("first", text) is None
    assert known.add("second", text) == Match("first", 1.0)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_equal_texts_in_an_equal_order_give_equal_answers(texts: list[str]) -> None:
    one, other = Duplicates(), Duplicates()
    answers = [one.add(f"{number}", text) for number, text in enumerate(texts)]
    assert answers == [other.add(f"{number}", text) for number, text in enumerate(texts)]
    assert all(one.find(text) is not None for text in texts)
    assert len(one) == answers.count(None)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_match_is_as_similar_as_it_says_and_came_earlier(texts: list[str]) -> None:
    known = Duplicates()
    for number, text in enumerate(texts):
        if match := known.add(f"{number}", text):
            assert int(match.id) < number
            earlier = char_shingles(normalised(texts[int(match.id)]))
            assert match.similarity == jaccard(earlier, char_shingles(normalised(text))) >= 0.7


def test_an_equal_question_is_a_duplicate_whatever_is_answered() -> None:
    known = ExampleDuplicates()
    assert known.add("first", "How long may I return it?", "Within 30 days.") is None
    assert known.add("second", "how long may i return it", "Never.") == Match("first", 1.0, same_question=True)


def test_a_near_question_is_a_duplicate_only_with_a_near_answer() -> None:
    known = ExampleDuplicates()
    asked, nearly = f"Is it true that {RETURNS.lower()}", f"Is it really true that {NEARLY.lower()}"
    assert known.add("first", asked, RETURNS) is None
    assert known.add("second", nearly, "Yes, but not if it was made to measure.") is None
    match = known.add("third", f"{nearly} Or not?", NEARLY)
    assert match is not None
    assert (match.id, match.same_question) == ("first", False)


def test_examples_that_differ_in_a_number_are_two_facts() -> None:
    known = ExampleDuplicates()
    for year, earned in ((2023, "12.3"), (2024, "12.3"), (2024, "15.1")):
        question = f"What did the company earn in the financial year {year} before taxes, in millions of euros?"
        answer = f"In the financial year {year} the company earned {earned} million euros before taxes."
        match = known.add(f"{year}/{earned}", question, answer)
        assert (match is None) == (earned != "15.1")


def test_examples_that_differ_in_a_name_are_two_facts() -> None:
    known = ExampleDuplicates()
    for city in ("Hamburg", "Homburg"):
        question = f"Who is to be asked for permission before visitors are let into the office in {city}?"
        answer = f"Permission is given by the head of the office in {city}, or by whoever stands in on that day."
        assert known.add(city, question, answer) is None
    again = known.add("again", question.replace("Who is", "Who has"), answer.replace("that day", "the day"))
    assert again is not None
    assert again.id == "Homburg"


def test_texts_of_one_form_are_told_apart_by_the_thousand() -> None:
    known = ExampleDuplicates()
    names = ["".join(letters).title() for letters in itertools.product("bdfgklmn", "aeiou", "rstvz", "aeiou")]
    for name in names:
        question, answer = (
            f"In which country does the river {name} rise?",
            f"The river {name} rises in a far country.",
        )
        assert known.add(name, question, answer) is None
    again = known.add(
        "again", "In which country does that river Zazu rise?", "The river Zazu rises in a far country."
    )
    assert again is None
    assert len(known) == len(names) + 1 == 1001


def test_one_answer_to_different_questions_is_kept() -> None:
    known = ExampleDuplicates()
    assert known.add("first", "How long may I return it?", RETURNS) is None
    assert known.add("second", "Under which conditions are goods taken back?", RETURNS) is None


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1])
def test_a_threshold_that_is_no_similarity_is_refused(threshold: float) -> None:
    for kind in (Duplicates, ExampleDuplicates):
        with pytest.raises(ConfigError, match="no similarity"):
            kind(threshold)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(ConfigError, match=r"mainspring\[data\]"):
        Duplicates()
