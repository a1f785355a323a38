"""Kill this script at any moment and run it again: it goes on where it was, and no invoice is booked twice.

```
python examples/01_resume.py
```
"""

import asyncio
from pathlib import Path
from typing import Literal

from mainspring import Agent, idempotency_key, open_runs, tool

LEDGER = Path("ledger.txt")
AMOUNTS_EUR = {"A-17": 120, "A-18": 80, "A-19": 45}


@tool(effect="write", authority=["invoice"], in_doubt="retry")
def book(invoice: Literal["A-17", "A-18", "A-19"]) -> str:
    """Book one invoice."""
    key = idempotency_key()
    booked = LEDGER.read_text(encoding="utf-8") if LEDGER.exists() else ""
    if key not in booked:  # the same call, made again after a crash, has the same key
        with LEDGER.open("a", encoding="utf-8") as ledger:
            ledger.write(f"{invoice} {AMOUNTS_EUR[invoice]} EUR {key}\n")
    return f"{invoice} is booked"


clerk = Agent(
    "clerk",
    instructions="Book each invoice that is named with a call of its own, then say what was booked.",
    tools=[book],
)


async def main(agent: Agent = clerk) -> str:
    """Start the run, or go on with it, and show what happens."""
    async with open_runs("runs.db") as runs:
        run = await runs.start(agent, "Book the invoices A-17, A-18 and A-19.", id="book-invoices")
        async for event in run.stream():
            print(event.type)
        return (await run.result()).output


if __name__ == "__main__":
    print(asyncio.run(main()))
