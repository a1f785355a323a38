"""What would have happened if? Take a run, change one tool's result, and let a new run go on from there.

```
python examples/03_fork.py
```
"""

import asyncio

from mainspring import Agent, open_runs, tool
from mainspring.core.events import ToolReturned


@tool(effect="fetch", trusted=True)
def forecast(city: str) -> str:
    """Say what the weather will be."""
    return f"{city}: sun, 24 degrees"


outfitter = Agent("outfitter", instructions="You say in one sentence what to wear.", tools=[forecast])


async def main(agent: Agent = outfitter) -> tuple[str, str]:
    """Run, replay, fork, compare; gives both answers."""
    async with open_runs("runs.db") as runs:
        run = await runs.start(agent, "What do I wear in Bergen tomorrow? Look at the forecast.")
        first = (await run.result()).output

        replayed = await runs.replay(run.id)  # from the journal alone: no model is asked, no tool is called
        assert replayed.divergence is None
        print(f"{replayed.n_events} events reproduced")

        events = await run.events()
        at = next(seq for seq, event in enumerate(events) if isinstance(event, ToolReturned))
        fork = await runs.fork(run.id, at=at, result="Bergen: rain, storm, 6 degrees")
        second = (await fork.result()).output

        differs = (await runs.diff(run.id, fork.id)).first
        print(f"first:  {first}\nforked: {second}\nfirst difference in step {differs}")
        return first, second


if __name__ == "__main__":
    asyncio.run(main())
