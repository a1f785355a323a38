"""The scorers of answers, each on what it is for."""

import pytest
from pydantic import JsonValue

from mainspring.core import Unusable
from mainspring.evals.scorers import expected, scorer_for
from tests.unit.evals.making import calling, scored

FORM: JsonValue = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "n": {"type": "integer", "minimum": 0}},
    "required": ["city"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("answer", ["Paris", " paris. ", "“PARIS”"])
def test_exact_takes_the_answer_however_it_is_dressed(answer: str) -> None:
    assert scored("exact", {"answer": ["Paris", "Lutetia"]}, answer).score == 1


def test_exact_takes_nothing_more_and_nothing_else() -> None:
    assert scored("exact", {"answer": "Paris"}, "It is Paris").why == "it is not 'Paris'"
    assert scored("exact", {"answer": 5}, 5.0).score == 1
    assert scored("exact", {"answer": "5"}, calling(("f", {}))).score == 0


def test_says_wants_one_wording_of_each_and_gives_the_share() -> None:
    expect: dict[str, JsonValue] = {"says": ["12 May|May 12", ["refund", "money back"]], "never": ["sorry"]}
    assert scored("says", expect, "You get your money back by May 12.").score == 1
    assert scored("says", expect, "A refund comes.").score == 0.5
    assert scored("says", expect, "Sorry, the refund comes on 12 May.").why == "it says 'sorry'"


def test_says_finds_whole_words_alone() -> None:
    assert scored("says", {"says": ["art"]}, "It will start.").score == 0
    assert scored("says", {"says": ["$5.00"]}, "It is $5.00, as ever").score == 1


@pytest.mark.parametrize(
    "answer", [1250, "1250", "1,250", "about 1,250.4 km", "1.25e3", "1 or 2: 1250", "1\u202f250 km", "−3, so 1250"]
)
def test_numeric_finds_the_number(answer: JsonValue) -> None:
    assert scored("numeric", {"answer": "1,250 km"}, answer).score == 1


def test_numeric_takes_the_number_with_the_unit_first() -> None:
    expect: dict[str, JsonValue] = {"answer": 42, "unit": "km"}
    assert scored("numeric", expect, "It is 42 km, which is 26 miles.").score == 1
    assert (
        scored("numeric", expect | {"unit": ""}, "It is 42 km, which is 26 miles.").why == "it is 26 instead of 42"
    )


def test_numeric_keeps_to_its_tolerance() -> None:
    assert scored("numeric", {"answer": 100, "tolerance": 0.05}, "104.9").score == 1
    assert scored("numeric", {"answer": 100, "tolerance": 0.05}, "105.1").score == 0
    assert scored("numeric", {"answer": 0}, "0").score == 1
    assert scored("numeric", {"answer": 3}, "none at all").why == "there is no number in it"


def test_schema_holds_a_value_to_its_form_and_its_fields() -> None:
    expect: dict[str, JsonValue] = {"schema": FORM, "answer": {"city": "Oslo", "n": 2}}
    assert scored("schema", expect, {"city": "oslo", "n": 2}).score == 1
    assert scored("schema", expect, '```json\n{"city": "Oslo", "n": 2}\n```').score == 1
    assert scored("schema", expect, {"city": "Oslo", "n": 3}).score == 0.5
    assert scored("schema", expect, {"city": "Oslo", "m": 3}).why == "m may not be there"
    assert scored("schema", {"schema": FORM}, {"n": -1}).why == "n is less than 0; city is missing"


def test_a_schema_with_a_keyword_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="/if is a keyword"):
        expected("schema", {"schema": {"if": {}}})


def test_cites_looks_quotes_up_in_the_source() -> None:
    source = "The tank holds forty litres. It is made of steel."
    assert scored("cites", {"source": source}, 'It says "the tank  holds forty litres".').score == 1
    half = scored("cites", {"source": source}, '"The tank holds forty litres" and "it is made of tin".')
    assert half.score == 0.5
    assert half.why == "the source does not say 'it is made of tin'"
    assert scored("cites", {"source": source}, "Forty litres.").why == "it has 0 quotes, and should have 1"
    assert scored("cites", {}, "“holds forty litres”", source=source).score == 1


def test_cites_wants_the_passage_that_tells() -> None:
    expect: dict[str, JsonValue] = {"source": "a b c d. e f g h.", "spans": ["a b c d"]}
    assert scored("cites", expect, '"b c d"').score == 1
    assert scored("cites", expect, '"e f g"').score == 0


def test_overlap_counts_words_that_both_have() -> None:
    assert scored("overlap", {"answer": "the red door"}, "The red door!").score == 1
    assert scored("overlap", {"answer": "the red door"}, "red").score == 0.5
    assert scored("overlap", {"answer": ["no", "the red door"]}, "window").score == 0


def test_what_cannot_be_used_is_wrong_for_every_scorer() -> None:
    from mainspring.core import Message, Options
    from mainspring.evals.scorer import Question
    from mainspring.evals.scorers import Judged

    asked, broken = Question((Message.user("?"),), Options()), Unusable(reason="it was empty")
    for name, expect in (("calls", {"calls": [{"name": "f"}]}), ("no_call", {}), ("exact", {"answer": ""})):
        wanted = expected(name, expect)  # type: ignore[arg-type]
        assert not isinstance(wanted, Judged)
        assert wanted.score(asked, broken).why == "the reply cannot be used: it was empty"


def test_a_case_need_not_name_the_scorer_that_its_fields_belong_to() -> None:
    assert scorer_for({"calls": []}, "exact") == "calls"
    assert scorer_for({"says": ["a"]}, "exact") == "says"
    assert scorer_for({"answer": "a"}, "numeric") == "numeric"
