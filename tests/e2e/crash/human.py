"""The human whom runs ask: looks at the world outside before it says what happened there."""

from mainspring.runs import Pending, Runs
from tests.e2e.crash.ledger import Ledger

ADA = "ada"


async def answer_all(runs: Runs, ledger: Ledger, run: str | None = None) -> list[Pending]:
    """Answer everything that is asked, or what one run and those that it waits for ask, and give the questions."""
    asked = await runs.inbox.pending() if run is None else await (await runs.get(run)).pending()
    for item in asked:
        match item.kind:
            case "question":
                await runs.inbox.answer(item.id, "north", by=ADA)
            case "in_doubt":
                await _settle(runs, item, ledger.effect(effect_key(item)))
            case _:
                await runs.inbox.approve(item.id, by=ADA)
    return asked


def effect_key(item: Pending) -> str:
    """Give the idempotency key of the effect that a question is about."""
    _, _, key = item.key.split(":", 2)
    return f"{item.run}:{key}"


async def _settle(runs: Runs, item: Pending, done: str | None) -> None:
    if done is None:
        await runs.inbox.approve(item.id, by=ADA, reason="it was not done")
    else:
        await runs.inbox.answer(item.id, done, by=ADA)
