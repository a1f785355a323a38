"""Measures one contender of `client.py` in this process and prints its figures as JSON.

`python -m benchmarks.client_measure NAME BASE_URL` is what `client.py` starts, with the interpreter in which the
contender is installed. CPU is that of this process alone: the server is another one. Every reply and the number of
calls are checked, so that a client that retries or drops something is an error and not a good figure.
"""

import argparse
import asyncio
import importlib
import json
import statistics

from benchmarks.client_contender import Client
from benchmarks.instant_server import N_PIECES, N_TOKENS, PIECES, TEXT, n_served
from benchmarks.measure import repeat
from benchmarks.scripted_server import loop_factory

N_CALLS = 50
"""Calls that are timed together; one is too short to be timed alone."""


async def measure(client: Client, base_url: str) -> dict[str, float]:
    """Measure calls one after the other, then streams one after the other; the first of each warms it up."""
    await calls(client, 1)
    await stream(client)
    before = n_served(base_url)
    of_calls = await repeat(lambda: calls(client, N_CALLS))
    of_streams = await repeat(lambda: stream(client))
    made, needed = n_served(base_url) - before, N_CALLS * len(of_calls) + len(of_streams)
    assert made == needed, f"{made} calls were made where {needed} are needed"
    return {
        "cpu_ms_per_call": 1e3 * statistics.median(cost.cpu_s for cost in of_calls) / N_CALLS,
        "cpu_us_per_chunk": 1e6 * statistics.median(cost.cpu_s for cost in of_streams) / N_PIECES,
        "least_cpu_ms_per_call": 1e3 * min(cost.cpu_s for cost in of_calls) / N_CALLS,
        "least_cpu_us_per_chunk": 1e6 * min(cost.cpu_s for cost in of_streams) / N_PIECES,
    }


async def calls(client: Client, number: int) -> None:
    """Make some calls and check what was said."""
    for _ in range(number):
        said = await client.call()
        assert said.text == TEXT, f"the text is {said.text!r}, not {TEXT!r}"
        assert said.n_tokens == N_TOKENS, f"the tokens are {said.n_tokens}, not {N_TOKENS}"


async def stream(client: Client) -> None:
    """Read one stream and check it, piece by piece and as a whole."""
    pieces: list[str] = []
    said = await client.stream(pieces.append)
    assert tuple(pieces) == PIECES, f"{len(pieces)} pieces came that are not the {N_PIECES} that were sent"
    assert said.text == "".join(PIECES), "the text of the stream is not what was sent"
    assert said.n_tokens == N_TOKENS, f"the tokens are {said.n_tokens}, not {N_TOKENS}"


def main() -> None:
    """Measure the contender named on the command line, on uvloop where it is installed."""
    parser = argparse.ArgumentParser(description="Measure one contender of client.py against a running server.")
    parser.add_argument("name", help="a module of benchmarks.client_contenders")
    parser.add_argument("base_url", help="where the server listens, ending in /v1")
    arguments = parser.parse_args()
    connect = importlib.import_module(f"benchmarks.client_contenders.{arguments.name}").connect

    async def measured() -> dict[str, float]:
        return await measure(connect(arguments.base_url), arguments.base_url)

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        print(json.dumps(runner.run(measured())))


if __name__ == "__main__":
    main()
