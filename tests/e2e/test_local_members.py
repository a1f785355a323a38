"""Several children of one model file: replicas behind one name, and one that gives vectors for texts."""

import asyncio
import math
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from mainspring import ChatModel
from mainspring.core import Message, Options, Request, Sampling
from mainspring.core.errors import ModelUnavailable
from mainspring.models.files.catalog import entry, load_catalog
from mainspring.models.files.fetch import fetch
from mainspring.models.http import Address, post_json
from mainspring.models.local import LocalSettings, shared_server
from mainspring.models.local.embedded import EmbeddedServer
from tests.e2e.test_local_server import is_writing, until

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(600)]

SMALL = LocalSettings(context_tokens=1024)
HELLO = Request((Message.user("Say hello."),), Options(), Sampling(temperature=0, max_output_tokens=8))


@pytest.fixture
def replicas() -> Iterator[list[EmbeddedServer]]:
    members = [EmbeddedServer("smollm2-135m", SMALL, load_catalog(), replica=n, replicas=2) for n in range(2)]
    yield members
    for member in members:
        if member.process:
            member.process.stop()


def talker(member: EmbeddedServer, **extra_body: object) -> ChatModel:
    return ChatModel("small", server=member, mode="native", extra_body=extra_body)


def pid(member: EmbeddedServer) -> int:
    assert member.process
    assert member.process.pid
    return member.process.pid


def up(members: list[EmbeddedServer]) -> list[bool]:
    return [member.is_up for member in members]


def kill(member: EmbeddedServer) -> None:
    os.kill(pid(member), signal.SIGKILL)
    until(lambda: not member.is_up)


async def test_replicas_are_children_of_their_own_and_each_is_one(replicas: list[EmbeddedServer]) -> None:
    for member in replicas:
        await member.ready()
    again = EmbeddedServer("smollm2-135m", SMALL, load_catalog(), replica=1, replicas=2)
    await again.ready()
    assert pid(again) == pid(replicas[1]) != pid(replicas[0])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says how memory is shared")
async def test_replicas_have_the_models_file_in_memory_once(replicas: list[EmbeddedServer]) -> None:
    for member in replicas:
        await member.ready()
        await talker(member).ask(HELLO)
    assert replicas[0].process
    resident, part = memory_of(replicas[0].process.file, pid(replicas[0]))
    assert resident > 0
    assert part <= resident // 2 + resident // 10


def memory_of(file: Path, process: int) -> tuple[int, int]:
    """Give the kilobytes of a file that a process has in memory, and its part of them by the count of sharers."""
    mappings = Path(f"/proc/{process}/smaps").read_text(encoding="utf-8").split("VmFlags:")
    mapped = "\n".join(mapping for mapping in mappings if file.name in mapping)
    resident, part = (
        sum(int(line.split()[1]) for line in mapped.splitlines() if line.startswith(f"{field}:"))
        for field in ("Rss", "Pss")
    )
    return resident, part


async def test_a_killed_replica_comes_back_while_the_other_serves(replicas: list[EmbeddedServer]) -> None:
    one, other = replicas
    assert up(replicas) == [False, False]
    await asyncio.gather(one.ready(), other.ready())
    assert up(replicas) == [True, True]
    first = pid(one)
    kill(one)
    assert up(replicas) == [False, True]

    _, reply = await asyncio.gather(one.ready(), talker(other).ask(HELLO))
    assert reply.message.text
    assert up(replicas) == [True, True]
    assert pid(one) != first
    assert (await talker(one).ask(HELLO)).message.text


async def test_a_model_with_retries_comes_back_when_its_child_is_killed(replicas: list[EmbeddedServer]) -> None:
    member = replicas[0]
    model = talker(member, ignore_eos=True)
    address = await member.ready()
    assert member.process
    restarts_before = member.process.restarts
    long = Request(HELLO.messages, HELLO.options, Sampling(temperature=0, max_output_tokens=300))

    def kill_while_it_writes() -> None:
        until(lambda: is_writing(address))
        kill(member)

    reply, _ = await asyncio.gather(model.ask(long), asyncio.to_thread(kill_while_it_writes))
    assert reply.usage.output_tokens == 300
    kill(member)
    assert (await model.ask(HELLO)).message.text
    assert member.process.restarts == restarts_before + 2


async def vectors(address: Address, *texts: str) -> list[list[float]]:
    answer = await post_json(address, "/embeddings", orjson.dumps({"model": "small", "input": texts}))
    assert answer["object"] == "list"
    assert [item["index"] for item in answer["data"]] == list(range(len(texts)))
    return [item["embedding"] for item in answer["data"]]


async def test_a_child_gives_vectors_for_texts_and_still_chats() -> None:
    settings = LocalSettings(context_tokens=1024, embeddings=True)
    server = shared_server(fetch(entry("smollm2-135m")), settings)
    try:
        address = await server.ready()
        salt, dog, again = await vectors(address, "The sea is salt.", "A dog barks.", "The sea is salt.")
        reply = await ChatModel("small", server=server, mode="native").ask(HELLO)
        [after_chat] = await vectors(address, "The sea is salt.")
        [long] = await vectors(address, "salt " * 900)
    finally:
        server.stop()
    assert salt == again == after_chat
    assert len(salt) == len(dog) == len(long) == 576
    assert math.dist(salt, dog) > 0.1
    assert math.hypot(*salt) == pytest.approx(1.0)
    assert reply.message.text


async def test_a_child_that_was_not_asked_for_vectors_says_so(replicas: list[EmbeddedServer]) -> None:
    with pytest.raises(ModelUnavailable, match="does not support embeddings"):
        await vectors(await replicas[0].ready(), "The sea is salt.")
