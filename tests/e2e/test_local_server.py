"""The embedded server with a real model: it answers, comes back after a crash, and never outlives its parent."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mainspring import ChatModel
from mainspring.core import Message, Options, Request, Sampling
from mainspring.core.errors import ConfigError, ModelUnavailable, ModelUnreachable
from mainspring.models.files.catalog import entry
from mainspring.models.files.fetch import fetch
from mainspring.models.http import Address
from mainspring.models.local import LlamaServer, LocalSettings, shared_server

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(600)]

SMALL = LocalSettings(context_tokens=1024)
ASK = "The sea is salt because rivers carry salts into it. Say in one sentence why the sea is salt."


@pytest.fixture(scope="module")
def model() -> Path:
    return fetch(entry("smollm2-135m"))


@pytest.fixture
def server(model: Path) -> Iterator[LlamaServer]:
    running = LlamaServer(model, SMALL)
    yield running
    running.stop()


def opened(address: Address, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(  # noqa: S310  # It is our own server's address.
        address.base_url + path,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {address.api_key}", "Content-Type": "application/json"},
    )
    return urllib.request.urlopen(request, timeout=120)  # noqa: S310  # As above.


def ask(address: Address, text: str = ASK, **options: Any) -> Any:
    body = {"messages": [{"role": "user", "content": text}], "temperature": 0, "max_tokens": 12}
    with opened(address, "/chat/completions", body | options) as response:
        return json.load(response)


def is_writing(address: Address) -> bool:
    slots = address.base_url.removesuffix("/v1") + "/slots"
    request = urllib.request.Request(slots, headers={"Authorization": f"Bearer {address.api_key}"})  # noqa: S310  # As above.
    with urllib.request.urlopen(request, timeout=120) as response:  # noqa: S310  # As above.
        return any(slot["next_token"][0]["n_decoded"] > 0 for slot in json.load(response) if slot["is_processing"])


def until(condition: Callable[[], bool]) -> None:
    poll = threading.Event()
    for _ in range(1500):
        if condition():
            return
        poll.wait(0.02)
    raise AssertionError("it did not come about")


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0]
    except OSError:
        if Path("/proc/self").exists():
            return False
        return subprocess.run(["/bin/kill", "-0", str(pid)], check=False, capture_output=True).returncode == 0
    return state != "Z"


def test_it_answers_and_only_to_its_key(server: LlamaServer) -> None:
    address = server.address()
    assert ask(address)["choices"][0]["message"]["content"]
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        ask(Address(address.base_url, "another"))
    refused.value.close()


def test_the_second_turn_reads_only_what_is_new(server: LlamaServer) -> None:
    address = server.address()
    ask(address)
    usage = ask(address)["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] >= usage["prompt_tokens"] - 1


def test_a_strict_server_gives_the_same_text_whatever_came_before(model: Path) -> None:
    texts = []
    for before in ([], ["Tell me a story about rivers.", ASK + " Be brief."]):
        server = LlamaServer(model, SMALL.model_copy(update={"strict": True}))
        address = server.address()
        for text in before:
            ask(address, text)
        reply = ask(address, max_tokens=24, logprobs=True)
        texts.append([(token["token"], token["logprob"]) for token in reply["choices"][0]["logprobs"]["content"]])
        server.stop()
    assert texts[0] == texts[1]


def test_each_slot_has_the_whole_context(model: Path) -> None:
    server = LlamaServer(model, LocalSettings(context_tokens=512, slots=2))
    try:
        usage = ask(server.address(), "word " * 400, id_slot=1, max_tokens=1)["usage"]
        assert usage["prompt_tokens"] > 400
    finally:
        server.stop()


def test_event_loops_of_two_threads_share_one_child(model: Path) -> None:
    server = shared_server(model, SMALL)
    assert server is shared_server(model, LocalSettings(context_tokens=1024))
    found: list[tuple[Address, int | None]] = []

    async def look() -> None:
        address, _ = await asyncio.gather(server.ready(), server.ready())
        found.append((address, server.pid))

    threads = [threading.Thread(target=lambda: asyncio.run(look())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    assert len(found) == 2
    assert found[0] == found[1]


async def test_waiting_for_the_model_leaves_the_loop_free(server: LlamaServer) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        await server.ready()
        counting.cancel()
    assert turns > 10


def test_a_child_that_dies_in_the_middle_of_a_reply_is_replaced(server: LlamaServer) -> None:
    address = server.address()
    first = server.pid
    assert first
    body = {"messages": [{"role": "user", "content": ASK}], "max_tokens": 900, "stream": True, "ignore_eos": True}
    with opened(address, "/chat/completions", body) as reply:
        assert reply.readline()
        os.kill(first, signal.SIGKILL)
        with pytest.raises(http.client.IncompleteRead):
            reply.read()
    until(lambda: server.pid is None)
    assert ask(server.address())["choices"]
    assert server.pid not in {None, first}
    assert server.restarts == 1


LONG = Request((Message.user(ASK),), Options(), Sampling(max_output_tokens=900))


def talker(server: LlamaServer) -> ChatModel:
    return ChatModel("small", server=server, mode="native", retries=0, extra_body={"ignore_eos": True})


async def test_a_reply_in_progress_fails_when_its_child_is_killed(server: LlamaServer) -> None:
    address = await server.ready()

    def kill_while_it_writes() -> None:
        until(lambda: is_writing(address))
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)

    with pytest.raises(ModelUnavailable) as failed:
        await asyncio.gather(talker(server).ask(LONG), asyncio.to_thread(kill_while_it_writes))
    assert not isinstance(failed.value, ModelUnreachable)


async def test_a_stream_in_progress_fails_when_its_child_is_killed(server: LlamaServer) -> None:
    shown: list[str] = []

    def kill_at_the_first_words(words: str) -> None:
        shown.append(words)
        if len(shown) == 1 and server.pid:
            os.kill(server.pid, signal.SIGKILL)

    with pytest.raises(ModelUnavailable) as failed:
        await talker(server).ask(LONG, kill_at_the_first_words)
    assert not isinstance(failed.value, ModelUnreachable)
    assert 0 < len(shown) < 900


def test_a_child_that_keeps_dying_is_given_up(server: LlamaServer) -> None:
    for _ in range(3):
        server.address()
        pid = server.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: server.pid is None)
    with pytest.raises(ModelUnavailable, match=r"died 3 times(.|\n)*model loaded") as given_up:
        server.address()
    assert given_up.value.retry_after_s
    server.stop()
    assert server.address().api_key


def test_a_load_that_takes_too_long_is_told_and_goes_on(server: LlamaServer) -> None:
    with pytest.raises(ModelUnavailable, match="did not load within 0 s"):
        server.address(0.0)
    assert server.pid
    assert server.address().api_key


def test_a_file_that_is_no_model_is_told(tmp_path: Path, model: Path) -> None:
    odd = tmp_path / "odd.gguf"
    odd.write_bytes(b"<html>")
    with pytest.raises(ConfigError, match="not a GGUF file"):
        LlamaServer(odd).address()
    with model.open("rb") as whole:
        odd.write_bytes(whole.read(30_000_000))
    with pytest.raises(ConfigError, match="corrupted or incomplete"):
        LlamaServer(odd).address()
    with pytest.raises(ConfigError, match="cannot be read"):
        LlamaServer(tmp_path / "missing.gguf").address()


def test_a_missing_library_is_told_with_the_command_that_installs_it(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ConfigError, match=r"pip install 'mainspring\[local\]'"):
        LlamaServer(model).address()


PARENT = """
import sys
from pathlib import Path
from mainspring.models.local import LlamaServer, LocalSettings
server = LlamaServer(Path(sys.argv[1]), LocalSettings(context_tokens=1024))
try:
    server.address(float(sys.argv[2]))
except Exception:
    pass
try:
    print(server.pid, flush=True)
    sys.stdin.read()
except KeyboardInterrupt:
    print("interrupted", "alive" if server.pid else "dead", flush=True)
"""


@pytest.fixture
def parent(model: Path) -> Iterator[Callable[[float], "subprocess.Popen[str]"]]:
    started: list[subprocess.Popen[str]] = []

    def start(deadline_s: float) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", PARENT, str(model), str(deadline_s)]
        started.append(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


Starter = Callable[[float], "subprocess.Popen[str]"]


@pytest.mark.parametrize("deadline_s", [120.0, 0.0], ids=["serving", "loading"])
def test_the_child_is_gone_after_its_parent_was_killed(parent: Starter, deadline_s: float) -> None:
    process = parent(deadline_s)
    assert process.stdout
    child = int(process.stdout.readline())
    assert is_running(child)
    process.kill()
    until(lambda: not is_running(child))


def test_the_child_is_gone_after_its_parent_was_terminated(parent: Starter) -> None:
    process = parent(120.0)
    assert process.stdout
    child = int(process.stdout.readline())
    process.terminate()
    until(lambda: not is_running(child))


def test_ctrl_c_is_the_parents_to_handle(parent: Starter) -> None:
    process = parent(120.0)
    assert process.stdout
    child = int(process.stdout.readline())
    os.kill(child, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.readline() == "interrupted alive\n"
    assert process.wait(60) == 0
    until(lambda: not is_running(child))
