"""What comes of one assignment."""

import pytest
from pydantic import JsonValue

from benchmarks.data_handbook import Speak, Teacher, truthful
from mainspring import ScriptedModel
from mainspring.core import NOTHING, Answer, Request
from mainspring.core.errors import ModelRefused, ModelUnavailable
from mainspring.data import Kind
from mainspring.data.team import Assignment, PromptSet, Team
from mainspring.data.team.wording import Shown
from mainspring.data.team.work import Desk, Worked
from tests.unit.data.team.made import MACHINES, document_of, shown, speaking, team

CONCEPTS = Answer(value={"concepts": [{"about": "the Korvat pump", "sentence": 1}]})
QUESTION = Answer(value={"questions": ["How many kilograms does the Korvat pump weigh?"]})
RIGHT = Answer(value={"cites": [1], "answer": "The Korvat pump weighs 40 kilograms."})
WRONG = Answer(value={"cites": [1], "answer": "The Korvat pump weighs 45 kilograms."})
YES: JsonValue = {"supported": True, "answers": True, "stands_alone": True}


def asking(*kinds: Kind, sentences: tuple[int, ...] = (), number: int = 0) -> Assignment:
    return Assignment(round=number, passages=(0,), kinds=kinds, sentences=sentences)


async def worked(
    speak: Speak = truthful,
    judge: Speak | None = None,
    *,
    kinds: tuple[Kind, ...] = ("factual",),
    planted: float = 0.0,
) -> Worked:
    return await Desk(team(speak, judge), run="r", planted=planted).work(shown(*MACHINES), asking(*kinds))


async def scripted(*script: Answer | Exception, repairs: int = 1) -> tuple[Worked, list[Request]]:
    """Have an assignment of one question done by a teacher that follows a script, and give what it was asked."""
    teacher = ScriptedModel(script)
    desk = Desk(Team(teacher, PromptSet.load()), repairs=repairs, planted=0.0)
    return await desk.work(shown(*MACHINES), asking("factual")), teacher.requests


async def test_a_right_answer_is_accepted_with_its_spans_and_where_it_comes_from() -> None:
    done, _ = await scripted(CONCEPTS, QUESTION, RIGHT)
    (candidate,) = done.candidates
    assert candidate.is_accepted
    assert [span.quote for span in candidate.example.spans] == [MACHINES[0]]
    assert candidate.example.concept == "the Korvat pump"
    assert candidate.provenance.models == {
        "concept_extractor": "scripted", "question_writer": "scripted", "answer_writer": "scripted"
    }  # fmt: skip
    assert candidate.provenance.prompts["answer_writer"].startswith("1:")
    assert done.concepts == ("the Korvat pump",)
    assert done.usage.model_calls == 3


async def test_a_wrong_answer_goes_back_with_what_is_wrong_and_is_then_accepted() -> None:
    done, requests = await scripted(CONCEPTS, QUESTION, WRONG, RIGHT)
    (candidate,) = done.candidates
    assert candidate.is_accepted
    assert "45" in requests[-1].messages[-1].text
    assert requests[-1].messages[:-2] == requests[-2].messages
    assert done.usage.model_calls == 4


async def test_an_answer_that_is_wrong_again_is_refused_and_nobody_is_asked_a_third_time() -> None:
    done, requests = await scripted(CONCEPTS, QUESTION, WRONG, WRONG)
    (candidate,) = done.candidates
    assert [objection.check for objection in candidate.objections] == ["numbers"]
    assert len(requests) == 4


async def test_without_repairs_a_wrong_answer_is_refused_at_once() -> None:
    done, requests = await scripted(CONCEPTS, QUESTION, WRONG, repairs=0)
    assert not done.candidates[0].is_accepted
    assert len(requests) == 3


async def test_a_question_that_is_wrong_is_not_mended_by_another_answer() -> None:
    vague = Answer(value={"questions": ["How many kilograms does the pump of this passage weigh?"]})
    done, requests = await scripted(CONCEPTS, vague, RIGHT)
    assert "self_contained" in {objection.check for objection in done.candidates[0].objections}
    assert len(requests) == 3


async def test_an_unanswerable_question_that_is_answered_is_refused() -> None:
    invented = speaking(cites=lambda _: {"cites": [], "answer": "Ada Lovelace invented the Korvat pump."})
    (candidate,) = (await worked(invented, kinds=("unanswerable",))).candidates
    assert "refusals" in {objection.check for objection in candidate.objections}


async def test_a_refusal_of_an_unanswerable_question_rests_on_the_whole_passage() -> None:
    (candidate,) = (await worked(kinds=("unanswerable",))).candidates
    assert candidate.is_accepted
    assert [span.quote for span in candidate.example.spans] == [" ".join(MACHINES)]


async def test_a_judges_no_refuses_and_says_why() -> None:
    no = speaking(supported=lambda _: {"supported": True, "answers": False, "stands_alone": False})
    (candidate,) = (await worked(truthful, no)).candidates
    assert candidate.verdict is not None
    assert (candidate.verdict.is_good, candidate.verdict.model) == (False, "judge")
    (objection,) = candidate.objections
    assert objection.check == "judge"
    assert "does not answer what was asked; it cannot be understood" in objection.says


async def test_a_judge_is_not_asked_about_what_the_checks_refuse() -> None:
    asked: list[str] = []

    def listening(words: str) -> JsonValue:
        asked.append(words)
        return YES

    wrong = speaking(cites=lambda _: {"cites": [1], "answer": "The Korvat pump weighs 45 kilograms."})
    done = await worked(wrong, speaking(supported=listening))
    assert done.candidates[0].verdict is None
    assert asked == []


async def test_a_judge_that_lets_spoilt_answers_pass_is_found_out() -> None:
    kinds: tuple[Kind, ...] = ("factual", "factual", "factual")
    credulous = await worked(truthful, speaking(supported=lambda _: YES), kinds=kinds, planted=1.0)
    knowing = await worked(truthful, truthful, kinds=kinds, planted=1.0)
    assert all(candidate.is_accepted for candidate in (*credulous.candidates, *knowing.candidates))
    assert credulous.controls is not None
    assert knowing.controls is not None
    assert (credulous.controls.n_bad, credulous.controls.false_accept_rate) == (3, 1.0)
    assert (knowing.controls.n_bad, knowing.controls.false_accept_rate) == (3, 0.0)
    assert knowing.usage.model_calls == 2 + 3 * 3


@pytest.mark.parametrize(
    "unreadable", [speaking(concepts=lambda _: {"concepts": "none"}), speaking(questions=lambda _: [])]
)
async def test_a_member_that_cannot_be_read_before_there_are_questions_costs_the_assignment(
    unreadable: Speak,
) -> None:
    done = await worked(unreadable)
    assert done.candidates == ()
    (failure,) = done.failures
    assert "replies in a row" in failure


async def test_what_was_learnt_before_a_member_failed_is_kept_with_its_price() -> None:
    done = await worked(speaking(questions=lambda _: None))
    assert len(done.concepts) == 4
    assert done.usage.model_calls == 1


async def test_an_answer_that_cannot_be_read_costs_its_question_and_no_other() -> None:
    unreadable = speaking(cites=lambda words: None if "this question: How many years" in words else RIGHT.value)
    done = await worked(unreadable, kinds=("factual", "factual"))
    assert len(done.candidates) + len(done.failures) == 2
    assert len(done.candidates) == 1


async def test_a_judge_that_cannot_be_read_costs_the_examples_it_was_asked_about() -> None:
    done = await worked(truthful, speaking(supported=lambda _: []), kinds=("factual", "why"))
    assert done.candidates == ()
    assert len(done.failures) == 2


async def test_one_call_that_is_refused_costs_its_question() -> None:
    done, _ = await scripted(CONCEPTS, QUESTION, ModelRefused("the content is not allowed", status=400))
    assert done.failures == ("the content is not allowed",)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_that_meets_every_call_ends_the_work(status: int) -> None:
    with pytest.raises(ModelRefused, match="no key"):
        await scripted(CONCEPTS, QUESTION, ModelRefused("no key", status=status))


async def test_a_server_that_is_gone_ends_the_work() -> None:
    with pytest.raises(ModelUnavailable):
        await scripted(CONCEPTS, ModelUnavailable("gone"))


async def test_questions_are_about_what_is_bare_first() -> None:
    told: list[str] = []

    def asked(words: str) -> JsonValue:
        told.append(words)
        return {"questions": ["How many euros does the Bexlom crane cost?"]}

    desk = Desk(team(speaking(questions=asked)))
    await desk.work(shown(*MACHINES), asking("factual", sentences=(4,), number=1))
    assert "about: Bexlom crane" in told[0]


async def test_where_no_question_is_wanted_only_concepts_are_found() -> None:
    teacher = Teacher()
    done = await Desk(Team(teacher, PromptSet.load())).work(shown(*MACHINES), asking())
    assert len(done.concepts) == 4
    assert (done.candidates, done.failures, teacher.n_calls) == ((), (), 1)


async def test_of_two_passages_nobody_extracts_concepts_again() -> None:
    document, passages = document_of(MACHINES[:2], MACHINES[2:])
    teacher = Teacher()
    pair = Assignment(round=2, passages=(0, 1), kinds=("multi_hop",))
    done = await Desk(Team(teacher, PromptSet.load())).work(Shown.of(document, passages), pair)
    assert teacher.n_calls == 2
    (candidate,) = done.candidates
    assert candidate.is_accepted
    assert candidate.example.passages == (0, 1)


async def test_what_a_concept_is_called_stays_on_one_line() -> None:
    told: list[str] = []

    def asked(words: str) -> JsonValue:
        told.append(words)
        return QUESTION.value

    named: JsonValue = {
        "concepts": [{"about": "the Korvat pump\n[1] And more.", "sentence": 1}, {"about": "\n\n", "sentence": 2}]
    }
    done = await Desk(team(speaking(concepts=lambda _: named, questions=asked))).work(
        shown(*MACHINES), asking("factual")
    )
    assert len([row for row in told[0].splitlines() if row.startswith("[")]) == len(MACHINES)
    assert done.concepts == ("the Korvat pump [1] And more.",)


async def test_an_assignment_that_was_kept_and_read_again_is_the_same() -> None:
    done = await worked(truthful, truthful, kinds=("factual", "unanswerable"), planted=1.0)
    assert Worked.model_validate_json(done.model_dump_json()) == done
    assert done.usage != NOTHING
