"""One customer, from the question to the order: `make demo-shop`.

The shop and the runs are kept in a folder. What was cut off there, or waits for a yes, goes on with the same
command.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from apps.storefront.demo_views import Narrator, sale, tree
from apps.storefront.shop import Order, Shop, open_shop
from apps.storefront.team import storefront
from apps.storefront.weather import Weather, open_weather
from mainspring import Agent, MainspringError, open_runs
from mainspring.agent.opening import Models
from mainspring.core.threads import in_daemon_thread
from mainspring.runs import DurableRun, Query, Runs
from mainspring.runs.journal import LIVING

CUSTOMER: Final = "ada"
WORDS: Final = (
    "I have a roofless terrace in Bergen. Two chairs and a table that survive it, under 900 euro, "
    "delivered to Ada Berg, Torgallmenningen 1, 5014 Bergen. Please order them."
)
FOLDER: Final = Path("demo-shop")
WAITING: Final = 3
"""Exit code where nobody is there to say yes."""


async def serve(folder: Path, words: str, *, weather: Weather | None = None, model: Models | None = None) -> int:
    """Serve the customer, and give the exit code: 0 where an order was placed.

    Args:
        folder: Where the shop and the runs are kept.
        words: What the customer says.
        weather: Tells the weather; Open-Meteo, or climate normals, if not given.
        model: Whom the agents ask; the embedded model if not given.
    """
    shop = open_shop(str(folder / "shop.db"))
    try:
        shop.recover()
        stock = shop.office.stock()
        agent = storefront(shop, weather or open_weather(), CUSTOMER, model=model)
        async with open_runs(str(folder / "runs.db")) as runs:
            run = await _begun(runs, agent, words)
            if not await _served(runs, run):
                print(f"{run.id} waits for a yes or no; the same command goes on with it", file=sys.stderr)
                return WAITING
            code = await _told(shop, runs, run, stock)
            page = f"mainspring runs export {run.id} --to page --out visit.html --store {folder / 'runs.db'}"
            print(f"\nevery step of it, to look at: {page}", file=sys.stderr)
            return code
    finally:
        shop.close()


async def _begun(runs: Runs, agent: Agent, words: str) -> DurableRun[Any]:
    """Start a run, or go on with the one that was cut off."""
    living = await runs.find(Query(agents=[agent.name], statuses=LIVING, limit=1))
    n_before = len(await runs.find(Query(agents=[agent.name])))
    return await runs.start(agent, words, id=living[0].id if living else f"visit-{n_before + 1}")


async def _served(runs: Runs, run: DurableRun[Any]) -> bool:
    """Follow a run to its end and put its questions to the person at the terminal; False where nobody is there."""
    narrator = Narrator(runs)
    while True:
        await narrator.follow(run.id)
        asked = await run.pending()
        if not asked:
            return True
        for question in asked:
            verdict = await in_daemon_thread(partial(_ask, question.question))
            if verdict is None:
                return False
            if verdict:
                await runs.inbox.approve(question.id, by=CUSTOMER)
            else:
                await runs.inbox.deny(question.id, by=CUSTOMER, reason="the customer does not want it")


def _ask(question: str) -> bool | None:
    """Ask for a yes or no; None where nobody answers."""
    while True:
        print(f"\n{question}\nyes or no? ", end="", file=sys.stderr, flush=True)
        answer = sys.stdin.readline()
        if not answer:
            return None
        if (word := answer.strip().casefold()) in {"y", "yes", "n", "no"}:
            return word.startswith("y")


async def _told(shop: Shop, runs: Runs, run: DurableRun[Any], stock: Mapping[str, int]) -> int:
    """Print what the visit came to."""
    try:
        print(f"\n{(await run.result()).output}\n")
    except MainspringError as error:
        print(f"\nno answer: {type(error).__name__}: {error}\n")
    began_at = (await run.row()).created_at
    placed = [order for order in shop.orders(CUSTOMER) if _is_of(order, began_at)]
    for order in placed:
        print(sale(shop, order, stock))
    print(await tree(runs, run.id))
    return 0 if placed else 1


def _is_of(order: Order, began_at: float) -> bool:
    """Tell whether an order was placed in a visit."""
    return any(move.state == "placed" and move.at.timestamp() >= began_at for move in order.history)


def main() -> None:
    """Run the demonstration from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="what the customer says")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the shop and the runs are kept")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    sys.exit(asyncio.run(serve(arguments.folder, " ".join(arguments.words) or WORDS)))


if __name__ == "__main__":
    main()
