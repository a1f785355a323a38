"""Members that fail: what a team makes of the others' work, and of what there was before."""

import pytest

from mainspring import ToolError
from mainspring.core.errors import NobodyAnswered
from mainspring.teams import debate, review
from tests.unit.teams.making import asked, kept, member

NO = ToolError("no")


async def test_a_side_that_fails_at_first_leaves_the_other_with_nobody_to_answer() -> None:
    yes, no, judge = member("yes", "It is good."), member("no", NO), member("judge", "Good enough.")
    output, _, agents = await kept(debate("court", [yes, no], judge, rounds=3), "Is it good?")
    assert output == "Good enough."
    assert sorted(agents) == ["court", "judge", "no", "yes"]  # nobody argued a second time
    assert "yes says: It is good." in asked(judge)[0][0]
    assert "no says" not in asked(judge)[0][0]


async def test_a_side_that_fails_later_is_heard_with_what_it_said_before() -> None:
    yes, no = member("yes", "It is good.", NO), member("no", "It is bad.", "Less bad.")
    judge = member("judge", "Good enough.")
    assert (await debate("court", [yes, no], judge).run("Is it good?")).output == "Good enough."
    assert "yes says: It is good." in asked(judge)[0][0]
    assert "no says: Less bad." in asked(judge)[0][0]


async def test_a_debate_in_which_all_fail_later_is_decided_on_what_was_said() -> None:
    yes, no, judge = member("yes", "Good.", NO), member("no", "Bad.", NO), member("judge", "So be it.")
    assert (await kept(debate("court", [yes, no], judge), "Is it good?"))[0] == "So be it."


@pytest.mark.parametrize("failing", ["sides", "judge"])
async def test_a_debate_without_sides_or_without_a_judge_fails_in_words(failing: str) -> None:
    sides = [member(name, NO if failing == "sides" else "Good.", "Good.") for name in ("yes", "no")]
    with pytest.raises(NobodyAnswered, match="ToolError: no"):
        await debate("court", sides, member("judge", NO)).run("Is it good?")


async def test_an_author_that_cannot_mend_its_draft_answers_with_it() -> None:
    author, critic = member("author", "first", NO), member("critic", "Too short.")
    output, _, agents = await kept(review("letter", author, critic), "Write a letter.")
    assert output == "first"
    assert agents.count("critic") == 1


async def test_an_author_without_a_draft_fails_and_a_critic_that_fails_keeps_nobody_from_answering() -> None:
    with pytest.raises(NobodyAnswered, match="author: ToolError: no"):
        await review("letter", member("author", NO), member("critic", "ok")).run("Write a letter.")
    team = review("letter", member("author", "first"), member("critic", NO))
    assert (await team.run("Write a letter.")).output == "first"
