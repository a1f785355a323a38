"""The dispatcher of a process without an engine."""

import asyncio

from mainspring.runs.dispatchers.embedded import EmbeddedDispatch


async def test_a_run_submitted_at_any_moment_of_its_delivery_is_driven_by_one_at_a_time_and_again() -> None:
    dispatch = EmbeddedDispatch()
    n_drives, n_at_once, most_at_once = 0, 0, 0

    async def drive(run: str) -> None:
        nonlocal n_drives, n_at_once, most_at_once
        n_drives += 1
        n_at_once += 1
        most_at_once = max(most_at_once, n_at_once)
        for _ in range(3):
            await asyncio.sleep(0)
        n_at_once -= 1

    working = asyncio.create_task(dispatch.work(drive, lambda: ["clerk"]))
    for _ in range(50):
        await dispatch.submit("r", "clerk")
        await asyncio.sleep(0)
    n_before = n_drives
    await dispatch.submit("r", "clerk")
    while n_at_once or n_drives == n_before:  # noqa: ASYNC110 - turn by turn is the point
        await asyncio.sleep(0)
    assert not working.done()
    working.cancel()
    await working
    assert most_at_once == 1
