"""The pool in virtual time, beside the policies that `benchmarks.pool_policy` compares it with."""

import asyncio
import subprocess
import sys
import threading
from functools import cache
from random import Random

import pytest

from benchmarks.pool_contender import Connect
from benchmarks.pool_contenders.baselines import BASELINES
from benchmarks.pool_contenders.mainspring import hedged, unhedged
from benchmarks.pool_measure import Figures, Load, simulated
from benchmarks.pool_report import as_document
from benchmarks.pool_servers import Kind, Refused, Server
from benchmarks.virtual_time import run_virtually

CLOCKS = """
import asyncio, sys
from benchmarks.virtual_process import BEGINNING_S, enter_virtual_time
from benchmarks.virtual_time import VirtualLoop, run_virtually
loop = VirtualLoop()
enter_virtual_time(loop)
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

async def main():
    began = datetime.now()
    await asyncio.sleep(3600)
    with ThreadPoolExecutor() as threads:
        in_thread_s = threads.submit(time.time).result()
    assert (datetime.now() - began).total_seconds() == 3600
    assert isinstance(datetime.fromisoformat("2026-01-01"), datetime)
    assert time.monotonic() == time.perf_counter() == 3600
    assert in_thread_s == time.time() == BEGINNING_S + 3600

run_virtually(main(), loop)
"""


@cache
def under_load(connect: Connect) -> Figures:
    """Run a contender under half of what the servers can bear together, once for all tests."""
    return simulated(connect, Load(rate_per_s=120, n_requests=1000, seed=1))


def test_an_hour_passes_for_those_who_wait_and_for_nobody_else() -> None:
    async def waiting() -> tuple[float, list[int]]:
        woken: list[int] = []

        async def wake(after_s: int) -> None:
            await asyncio.sleep(after_s)
            woken.append(after_s)

        await asyncio.gather(*(wake(after_s) for after_s in (3600, 1, 60)))
        return asyncio.get_running_loop().time(), woken

    assert run_virtually(waiting()) == (3600.0, [1, 60, 3600])


def test_a_deadline_passes_in_virtual_time() -> None:
    async def waiting() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    assert run_virtually(waiting()) == 5.0


def test_waiting_for_nothing_is_an_error_and_not_a_standstill() -> None:
    async def waiting() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nobody will do"):
        run_virtually(waiting())


def test_work_for_a_thread_is_done_before_the_clock_moves() -> None:
    async def working() -> tuple[float, bool]:
        here = threading.current_thread()
        there = await asyncio.to_thread(threading.current_thread)
        return asyncio.get_running_loop().time(), there is here

    assert run_virtually(working()) == (0.0, True)


def test_every_clock_of_a_process_that_entered_virtual_time_follows_the_loop() -> None:
    process = subprocess.run([sys.executable, "-c", CLOCKS], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


def test_a_cancelled_call_frees_its_slot() -> None:
    async def serving() -> float:
        server = Server(Kind("one", typical_s=1.0, n_slots=1, straggling=1.0), Random(1))  # noqa: S311 - a simulation
        first, second = asyncio.create_task(server.serve()), asyncio.create_task(server.serve())
        await asyncio.sleep(0.5)
        first.cancel()
        await second
        return asyncio.get_running_loop().time()

    done_s = run_virtually(serving())
    assert 3.0 < done_s < 4.0, "half a second, then one that takes about a second and straggles for two"


def test_a_server_fails_as_often_as_it_is_said_to() -> None:
    async def refusals() -> list[Refused]:
        server = Server(Kind("failing", typical_s=0.1, n_slots=1000, failing=0.2), Random(1))  # noqa: S311 - a simulation
        results = await asyncio.gather(*(server.serve() for _ in range(1000)), return_exceptions=True)
        return [result for result in results if isinstance(result, Refused)]

    refused = run_virtually(refusals())
    limited = [error for error in refused if error.status == 429]
    assert 150 < len(refused) < 250
    assert 75 < len(limited) < 125
    assert {error.retry_after_s for error in limited} == {1.0}
    assert {(error.status, error.retry_after_s) for error in refused if error not in limited} == {(500, None)}


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    once, again, other = (simulated(hedged, Load(120, 300, seed)) for seed in (1, 1, 2))
    assert once == again
    assert once != other


@pytest.mark.parametrize("connect", [hedged, unhedged, *BASELINES.values()], ids=["ours", "unhedged", *BASELINES])
def test_every_policy_has_all_calls_served_by_other_servers_where_one_fails(connect: Connect) -> None:
    figures = simulated(connect, Load(60, 300, seed=1))
    assert figures.errors == 0
    assert 1.0 < figures.upstream_ratio < 1.15


def test_a_busy_pool_loses_no_call_and_sends_fewer_than_one_in_ten_again() -> None:
    figures = under_load(hedged)
    assert figures.errors == 0
    assert figures.upstream_ratio < 1.1


def test_a_busy_pool_has_a_far_shorter_tail_than_chance_or_the_fewest_calls() -> None:
    ours = under_load(hedged)
    assert ours.p99_ms < under_load(BASELINES["random"]).p99_ms / 10
    assert ours.p99_ms < under_load(BASELINES["least_outstanding"]).p99_ms / 2


def test_second_calls_take_most_of_the_tail_away() -> None:
    with_them, without = under_load(hedged), under_load(unhedged)
    assert with_them.p99_ms < without.p99_ms / 2
    assert with_them.p50_ms < 1.1 * without.p50_ms


def test_the_document_says_the_median_of_the_seeds_and_the_errors_of_all() -> None:
    one, two, three = (
        Figures(p50_ms=20.0, p95_ms=40.0, p99_ms=p99_ms, mean_ms=25.0, errors=errors, upstream_ratio=1.05)
        for p99_ms, errors in ((90.0, 0), (300.0, 1), (110.0, 2))
    )
    document = as_document({"ours": {60: [one], 120: [one, two, three]}}, {"another": {60: [two]}})
    busy = document["ours_120"]
    assert (busy["p99_ms"], busy["errors"], busy["upstream_ratio"]) == (110.0, 3, 1.05)
    assert busy["range"]["p99_ms"] == [90.0, 300.0]
    assert [figures["p99_ms"] for figures in busy["by_seed"]] == [90.0, 300.0, 110.0]
    assert document["ours_60"]["p99_ms"] == 90.0
    assert document["peers"]["another_60"]["errors"] == 1
