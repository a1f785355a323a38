"""The floor: the agent loop written by hand on aiohttp and orjson, doing nothing that is not needed."""

from typing import Any

import aiohttp
import orjson

from benchmarks.contender import ADD, INSTRUCTIONS, MAX_STEPS, QUESTION, Contender, add

START = ({"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": QUESTION})
HEADERS = {"Content-Type": "application/json"}


def connect(base_url: str) -> Contender:
    """Share one session among all runs."""
    url = f"{base_url}/chat/completions"
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=HEADERS)

    async def run(model: str) -> str:
        messages: list[dict[str, Any]] = [*START]
        for _ in range(MAX_STEPS):
            body = orjson.dumps({"model": model, "messages": messages, "tools": [ADD]})
            async with session.post(url, data=body) as reply:
                message = orjson.loads(await reply.read())["choices"][0]["message"]
            messages.append(message)
            if not message.get("tool_calls"):
                return str(message["content"])
            for call in message["tool_calls"]:
                result = await add(**orjson.loads(call["function"]["arguments"]))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": str(result)})
        raise RuntimeError(f"no answer after {MAX_STEPS} steps")

    async def stream(model: str) -> str:
        body = orjson.dumps({"model": model, "messages": START, "tools": [ADD], "stream": True})
        parts = []
        async with session.post(url, data=body) as reply:
            async for line in reply.content:
                if line.startswith(b"data: {"):
                    delta = orjson.loads(line[6:])["choices"][0]["delta"]
                    parts.append(delta.get("content") or "")
        return "".join(parts)

    return Contender(run, stream)
