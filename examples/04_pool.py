"""Two llama.cpp processes behind one name. One is killed in the middle of ten questions; all ten are answered.

```
python examples/04_pool.py
```
"""

import asyncio
import os
import signal

from mainspring import Agent, open_model
from mainspring.models.config import Settings
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.pool import PooledModel
from mainspring.models.pool.status import status_of

SETTINGS = Settings.model_validate(  # the same as a table of mainspring.toml
    {"models": {"pair": {"provider": "local", "model": "smollm2-135m", "replicas": 2}}}
)
QUESTIONS = [f"Name a colour that begins with the letter {letter}." for letter in "ABCDEFGHIJ"]


def kill_one(model: PooledModel) -> None:
    """Kill a process of the pool as the kernel would for want of memory."""
    server = model.models[0].server
    assert isinstance(server, EmbeddedServer)
    assert server.process is not None
    assert server.process.pid is not None
    os.kill(server.process.pid, signal.SIGKILL)


async def main() -> list[str]:
    """Ask all at once, kill a process when the first answer is there, and show what the pool has seen."""
    model = open_model("pair", SETTINGS)
    assert isinstance(model, PooledModel)
    agent = Agent("painter", model=model, max_steps=3)
    runs = [agent.start(question) for question in QUESTIONS]
    await asyncio.wait([asyncio.ensure_future(run) for run in runs], return_when=asyncio.FIRST_COMPLETED)
    kill_one(model)
    answers = [(await run).output for run in runs]
    for member in status_of(model.pool).members:
        print(f"{member.name}: {member.state}, {member.calls} calls, {member.failures} of them failed")
    return answers


if __name__ == "__main__":
    print(*asyncio.run(main()), sep="\n")
