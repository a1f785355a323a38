"""The director: a routine over counts, whose runs can be looked at."""

import json
from collections.abc import Mapping

import pytest

from mainspring.core import SeededRng
from mainspring.core.errors import BudgetError, ModelUnavailable
from mainspring.core.events import ModelCalled, ToolCalled, ToolReturned
from mainspring.data.team import director
from mainspring.data.team.director import Order, Outcome, Progress
from mainspring.runs import open_runs

ORDER = Order(document="d" * 64, spec="5" * 64, budget="data:docs:out", rounds=3)


def progress(n_uncovered: int, n_accepted: int = 0) -> Progress:
    return Progress(n_passages=9, n_asked=8, n_candidates=20, n_accepted=n_accepted, n_uncovered=n_uncovered)


class Rounds:
    """Says how far the document is after each round, and remembers which rounds there were."""

    def __init__(self, says: Mapping[int, Progress | Exception]) -> None:
        self.numbers: list[int] = []
        self._says = says

    async def __call__(self, order: Order, number: int) -> Progress:
        """Do a round."""
        assert order == ORDER
        self.numbers.append(number)
        said = self._says[number]
        if isinstance(said, Exception):
            raise said
        return said


async def directed(says: Mapping[int, Progress | Exception]) -> tuple[Outcome, list[int]]:
    rounds = Rounds(says)
    return (await director(rounds).run(ORDER.words, output=Outcome)).output, rounds.numbers


async def test_it_goes_on_while_something_is_bare_and_asks_about_pairs_in_the_end() -> None:
    outcome, numbers = await directed({0: progress(5), 1: progress(2), 2: progress(1), 3: progress(1, 12)})
    assert numbers == [0, 1, 2, 3]
    assert outcome == Outcome(progress=progress(1, 12))


async def test_where_all_is_covered_it_goes_to_the_pairs_at_once() -> None:
    _, numbers = await directed({0: progress(0), 3: progress(0)})
    assert numbers == [0, 3]
    _, numbers = await directed({0: progress(4), 1: progress(0), 3: progress(0)})
    assert numbers == [0, 1, 3]


@pytest.mark.parametrize("number", [0, 1, 3])
async def test_an_error_in_a_round_ends_it_as_stopped_with_what_was_done(number: int) -> None:
    says: dict[int, Progress | Exception] = {place: progress(3, place) for place in range(4)}
    says[number] = BudgetError("the budget has 2 model calls left")
    outcome, numbers = await directed(says)
    assert numbers == list(range(number + 1))
    assert outcome.stopped == "BudgetError: the budget has 2 model calls left"
    assert outcome.progress == (progress(3, number - 1) if number else None)


async def test_the_record_shows_what_was_done_and_why_it_stopped() -> None:
    rounds = Rounds({0: progress(3), 1: ModelUnavailable("no server answers")})
    agent = director(rounds)
    async with open_runs(":memory:", agents=[agent], rng=SeededRng(0)) as runs:
        run = await runs.start(agent, ORDER.words, output=Outcome)
        assert (await run.result()).output.stopped == "ModelUnavailable: no server answers"
        entries = await runs.store.entries(run.id)
    called = [entry.event for entry in entries if isinstance(entry.event, ToolCalled)]
    returned = [entry.event for entry in entries if isinstance(entry.event, ToolReturned)]
    assert [event.call.arguments["round"] for event in called] == [0, 1]
    assert [event.result.is_error for event in returned] == [False, True]
    assert "no server answers" in returned[1].result.text


async def test_it_is_told_counts_and_no_words_of_a_document() -> None:
    agent = director(Rounds({0: progress(1), 1: progress(0), 3: progress(0)}))
    run = agent.start(ORDER.words, output=Outcome)
    result = await run
    said = [message for message in result.messages if message.role == "tool"]
    assert len(said) == 3
    for message in said:
        (told,) = message.results
        assert all(isinstance(value, int) for value in json.loads(told.text).values())
    assert all(message.label.integrity == "trusted" for message in result.messages)
    assert [event.model for event in run.events if isinstance(event, ModelCalled)] == ["director"] * 4
