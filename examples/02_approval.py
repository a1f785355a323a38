"""A call that pays waits for a human's yes, for days if need be; meanwhile nothing of it is in memory.

```
python examples/02_approval.py            # asks, and ends
mainspring inbox list --store runs.db     # from anywhere: what waits
mainspring inbox approve ID --store runs.db
python examples/02_approval.py            # goes on, and pays once
```
"""

import asyncio

from mainspring import Agent, open_runs, tool


@tool(effect="money", authority=["order", "cents"], approval=lambda arguments: int(str(arguments["cents"])) > 1_000)
def refund(order: str, cents: int) -> str:
    """Pay an order's money back."""
    return f"{cents / 100:.2f} EUR went back for order {order}"


support = Agent("support", instructions="You help customers of a shop.", tools=[refund])


async def main(agent: Agent = support) -> str:
    """Start the run, or go on with it; say what it waits for, or what came of it."""
    async with open_runs("runs.db") as runs:
        run = await runs.start(agent, "The chair of order 17 came broken: pay back 4900 cents.", id="refund-17")
        async for event in run.stream():
            print(event.type)
        for asked in await run.pending():
            return f"waits for you: {asked.question}\n  mainspring inbox approve {asked.id} --store runs.db"
        return (await run.result()).output


if __name__ == "__main__":
    print(asyncio.run(main()))
