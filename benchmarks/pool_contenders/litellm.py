"""LiteLLM's Router with one of its strategies, everything but the number of retries at its defaults.

It sends its calls through its own OpenAI client, whose transport is the only part that is not LiteLLM's: it hands a
request to the server that its address names.
"""

from collections.abc import Mapping
from random import Random

import httpx  # type: ignore[import-not-found,unused-ignore]  # lives in .venv-litellm
import litellm  # type: ignore[import-not-found,unused-ignore]  # lives in .venv-litellm

from benchmarks.pool_contender import ATTEMPTS, Connect, Contender
from benchmarks.pool_servers import Refused, Server, Servers

POOL = "pool"
REPLY = {
    "id": "reply",
    "object": "chat.completion",
    "created": 0,
    "model": "simulated",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "done"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11},
}
"""What every server says; one token, so that a strategy that divides by tokens divides by one."""


class Simulated(httpx.AsyncBaseTransport):  # type: ignore[misc]  # its base has no types here
    """Takes requests to the servers."""

    def __init__(self, servers: Servers) -> None:
        self._servers: Mapping[str, Server] = {server.name: server for server in servers}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Have one request served."""
        try:
            await self._servers[request.url.host].serve()
        except Refused as error:
            headers = {} if error.retry_after_s is None else {"retry-after": f"{error.retry_after_s:g}"}
            return httpx.Response(error.status, headers=headers, json={"error": {"message": str(error)}})
        return httpx.Response(200, json=REPLY)


def connecting(strategy: str) -> Connect:
    """Make a contender of a strategy, to be used once in a process: what LiteLLM learns from is global."""

    def connect(servers: Servers, _random: Random) -> Contender:
        litellm.telemetry = False
        litellm.suppress_debug_info = True
        litellm.aclient_session = httpx.AsyncClient(transport=Simulated(servers))
        router = litellm.Router(
            model_list=[
                {
                    "model_name": POOL,
                    "litellm_params": {
                        "model": "openai/simulated",
                        "api_base": f"http://{server.name}/v1",
                        "api_key": "none",
                    },
                }
                for server in servers
            ],
            routing_strategy=strategy,
            num_retries=ATTEMPTS - 1,
        )
        messages = [{"role": "user", "content": "go"}]
        return Contender(
            lambda: router.acompletion(POOL, messages),
            failures=(litellm.exceptions.APIError, litellm.exceptions.RateLimitError),
        )

    return connect
