"""A customer's visit in a process that is killed at a given moment: `python -m ...killed_visit FOLDER MOMENT`.

inside reserve   the cart is filled, and there is no order yet
between          the order is reserved, and a human is asked whether it may be placed
inside place     the invoice is sent, and nobody has been told
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from apps.storefront.shop import Money, Shop, open_shop, read_terms
from apps.storefront.shop.database import open_database
from apps.storefront.shop.payments import Charge, Invoice
from apps.storefront.team import storefront
from apps.storefront.weather import Normals
from mainspring import Agent, DurableRun, Runs, open_runs
from mainspring.core import FakeClock, SeededRng
from mainspring.core.errors import RunWaiting
from tests.unit.apps.storefront.cast import Cast, Play, clerk

VISIT = "visit"
WORDS = "Order 4 of CHR-003 to Ada Lovelace, Pier 4, 20457 Hamburg."
NINE_S = 1_777_885_200.0  # 2026-05-04 09:00 UTC, a Monday


class Deadly(SeededRng):
    """Makes up no name for an order."""

    def token(self, n_bytes: int) -> str:
        """Take the whole process with it."""
        del n_bytes
        die()


class Doomed(Invoice):
    """Takes the whole process with it once the money is taken."""

    def capture(self, charge: Charge, amount: Money) -> Charge:
        """Capture, and die."""
        super().capture(charge, amount)
        die()


def die() -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def shop_in(folder: Path, moment: str = "") -> Shop:
    """Open the shop of a folder, in which the clock stands still."""
    url, clock = str(folder / "shop.db"), FakeClock(NINE_S)
    payments = {"invoice": Doomed(open_database(url), read_terms(), clock)} if moment == "inside place" else {}
    rng = Deadly() if moment == "inside reserve" else SeededRng()
    return open_shop(url, payments=payments, clock=clock, rng=rng)


def visited(shop: Shop, play: Play) -> Agent:
    """Give the team that serves the customer."""
    return storefront(shop, Normals(clock=FakeClock(NINE_S)), "ada", model=Cast(play))


async def answered(runs: Runs, run: DurableRun[str], moment: str = "") -> str:
    """Give the answer, with a yes to whatever a human is asked."""
    while True:
        try:
            return (await run.result()).output
        except RunWaiting:
            if moment == "between":
                die()
            for question in await run.pending():
                await runs.inbox.approve(question.id, by="owner")


async def main(folder: Path, moment: str) -> None:
    """Serve the customer until the end."""
    play: Play = {"sales": [clerk(CHR_003=4)]}
    async with open_runs(folder / "runs.db") as runs:
        run = await runs.start(visited(shop_in(folder, moment), play), WORDS, id=VISIT)
        await answered(runs, run, moment)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
