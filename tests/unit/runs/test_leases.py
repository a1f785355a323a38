"""Leases: who is at work, and that a driver which was away for too long does nothing before it knows its place."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mainspring import Agent, ScriptedModel, tool, use
from mainspring.core import FakeClock
from mainspring.core.errors import EventVersionError, LostRun
from mainspring.core.events import Attempted
from mainspring.runs import open_runs
from mainspring.runs.identity import is_dead, this_process
from mainspring.runs.leases import Keeper


class _Leases:
    """Knows whose runs are whose."""

    def __init__(self, *mine: str) -> None:
        self.mine = mine

    async def renew(self, driver: str, until: float) -> dict[str, int]:  # noqa: ARG002 - there is but one driver
        return dict.fromkeys(self.mine, 1)


async def _nothing() -> None:
    """Look at nothing."""


def _keeper(leases: _Leases, clock: FakeClock, *held: str) -> Keeper:
    keeper = Keeper(leases, "me", clock, 15.0)  # type: ignore[arg-type]  # it only renews
    for run in held:
        keeper.hold(run, lambda: 1, _nothing)
    return keeper


async def test_a_run_that_was_taken_over_is_lost_even_if_another_one_was_just_kept() -> None:
    clock = FakeClock()
    keeper = _keeper(_Leases("kept"), clock, "kept", "taken")
    clock.advance(60)
    await keeper.check("kept")
    with pytest.raises(LostRun):
        await keeper.check("taken")
    with pytest.raises(LostRun):
        await keeper.check("taken")


async def test_a_lease_that_was_just_renewed_is_not_asked_about_again() -> None:
    clock = FakeClock()
    leases = _Leases("one", "other")
    keeper = _keeper(leases, clock, "one", "other")
    clock.advance(60)
    await keeper.check("one")
    leases.mine = ()
    await keeper.check("other")


async def test_a_run_whose_events_cannot_be_read_here_keeps_no_other_lease_from_being_renewed() -> None:
    async def look() -> None:
        raise EventVersionError("a newer Mainspring took it over")

    keeper = _keeper(_Leases(), FakeClock())
    keeper.hold("newer", lambda: 1, look)
    await keeper.look("newer")


async def test_a_process_does_not_take_its_own_run_over_when_the_lease_has_lapsed(tmp_path: Path) -> None:
    clock, begun, gate = FakeClock(1000.0), asyncio.Event(), asyncio.Event()
    n_calls = 0

    @tool(effect="fetch")
    async def slow() -> str:
        """Take time."""
        nonlocal n_calls
        n_calls += 1
        begun.set()
        await gate.wait()
        return "done"

    busy = Agent("busy", model=ScriptedModel([use("slow"), "answer", "answer"]), tools=[slow])
    quick = Agent("quick", model=ScriptedModel(["answer"]))
    async with open_runs(str(tmp_path / "runs.db"), clock=clock) as runs:
        run = await runs.start(busy, "go")
        await begun.wait()
        clock.advance(60)
        assert await runs.sweep() == 1
        await (await runs.start(quick, "go")).result()  # which was handed in behind it
        gate.set()
        assert (await run.result()).output == "answer"
        attempts = [event for event in await run.events() if isinstance(event, Attempted)]
    assert (len(attempts), n_calls) == (1, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells when a process began")
def test_a_process_that_has_ended_is_dead_before_its_parent_has_taken_note() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        name = this_process("x").replace(f"/{os.getpid()}/", f"/{child.pid}/")
        place, _, token = name.rpartition("/")
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        driver = f"{place.rpartition('/')[0]}/{started}/{token}"
        assert not is_dead(driver)
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(driver)
