"""`mainspring data show` as a process: it says where the page is, serves it, and ends with the dataset written."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession

from tests.unit.data.review.datasets import HONEY, write_folder

_PATIENCE_S: Final = 60


@contextmanager
def shown(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and end it whatever happens."""
    command = [sys.executable, "-m", "mainspring", "data", "show", *arguments, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """Give the first line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def asked(method: str, url: str, body: dict[str, str] | None = None) -> Any:
    """Ask the server as its page does."""
    origin = "/".join(url.split("/")[:3])
    async with (
        ClientSession(headers={"Origin": origin}) as client,
        client.request(method, url, json=body) as response,
    ):
        assert response.status == 200
        return await response.json()


async def test_it_serves_until_ctrl_c_and_writes_the_dataset_by_what_was_decided(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train")
    with shown(str(folder), "--json") as process:
        url = json.loads(first_line(process))["url"]
        assert (await asked("GET", f"{url}api/standing"))["n_examples"] == 6
        await asked("POST", f"{url}api/examples/{HONEY.example.id}/decision", {"action": "drop"})
        process.send_signal(signal.SIGINT)
        rest, notes = process.communicate(timeout=_PATIENCE_S)
        assert process.returncode == 0, notes
    assert rest == ""
    assert "written by what was decided: 3 in train" in notes
    assert len((folder / "train-00000.jsonl").read_text("utf-8").splitlines()) == 3


def test_it_writes_nothing_where_nothing_was_decided(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train")
    with shown(str(folder)) as process:
        assert first_line(process).startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_PATIENCE_S)
        assert process.returncode == 0
    assert not (folder / "train-00000.jsonl").exists()


async def test_what_a_killed_server_said_was_saved_is_there_for_the_next(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "train")
    with shown(str(folder)) as process:
        url = first_line(process)
        await asked("POST", f"{url}api/examples/{HONEY.example.id}/decision", {"action": "drop"})
        process.kill()
        process.communicate(timeout=_PATIENCE_S)
    with shown(str(folder)) as process:
        url = first_line(process)
        standing = await asked("GET", f"{url}api/standing")
    assert (standing["n_looked_at"], standing["is_stale"]) == (1, True)
