import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data import Document
from mainspring.data.reading import Limits, Skipped, read_folder
from tests.unit.data.reading import own_readers

BAD = f"{own_readers.__name__}:Bad"


def children() -> set[str]:
    return {
        child
        for task in Path(f"/proc/{os.getpid()}/task").iterdir()
        for child in (task / "children").read_text().split()
    }


async def outcomes(folder: Path, limits: Limits | None = None, *, n_workers: int = 1) -> list[tuple[str, str]]:
    async with aclosing(read_folder(folder, limits=limits, n_workers=n_workers, own_readers=[BAD])) as reading:
        return [(item.name, item.reason if isinstance(item, Skipped) else item.kind) async for item in reading]


@pytest.mark.parametrize(
    ("deed", "reason", "limits"),
    [
        ("crash", "crashed", Limits()),
        ("grow", "memory", Limits()),
        ("hang", "slow", Limits(seconds=4)),
    ],
)
async def test_a_file_that_takes_its_process_down_costs_only_itself(
    tmp_path: Path, deed: str, reason: str, limits: Limits
) -> None:
    (tmp_path / "a.txt").write_text("Before.")
    (tmp_path / "b.bad").write_text(deed)
    (tmp_path / "c.txt").write_text("Behind.")
    assert await outcomes(tmp_path, limits) == [("a.txt", "text"), ("b.bad", reason), ("c.txt", "text")]


async def test_a_file_that_changes_while_it_is_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.bad"
    path.write_text(f"touch {path}")
    assert await outcomes(tmp_path) == [("a.bad", "changed")]


async def test_documents_come_in_the_order_of_names_whatever_is_read_first(tmp_path: Path) -> None:
    pipe = tmp_path.with_name(f"{tmp_path.name}.pipe")
    os.mkfifo(pipe)
    (tmp_path / "a.bad").write_text(f"wait {pipe}")
    (tmp_path / "b.bad").write_text(f"go {pipe}")
    assert [name for name, _ in await outcomes(tmp_path, n_workers=2)] == ["a.bad", "b.bad"]


async def test_a_reader_of_ones_own_goes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "a.bad").write_text("Words.")
    async with aclosing(read_folder(tmp_path, own_readers=[BAD])) as reading:
        (item,) = [item async for item in reading]
    assert isinstance(item, Document)
    assert item.text == "Words."


async def test_a_reader_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    with pytest.raises(ConfigError, match=r"own_readers:fails.*no such engine"):
        async with aclosing(read_folder(tmp_path, own_readers=[f"{own_readers.__name__}:fails"])) as reading:
            assert [item async for item in reading]


async def test_no_process_is_left_when_the_caller_goes_away(tmp_path: Path) -> None:
    before = children()
    (tmp_path / "a.txt").write_text("Words.")
    (tmp_path / "b.bad").write_text("hang")
    async with aclosing(read_folder(tmp_path, n_workers=2, own_readers=[BAD])) as reading:
        async for _ in reading:
            assert children() > before
            break
    assert children() == before


async def test_no_process_is_left_when_the_caller_is_cancelled(tmp_path: Path) -> None:
    before = children()
    (tmp_path / "a.txt").write_text("Words.")
    (tmp_path / "b.bad").write_text("hang")
    has_begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(read_folder(tmp_path, n_workers=2, own_readers=[BAD])) as reading:
            async for _ in reading:
                has_begun.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(read())
        await has_begun.wait()
        task.cancel()
    assert task.cancelled()
    assert children() == before
