"""Embedders: the small model in this process, a server's `/embeddings`, and what is said where there is none."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from mainspring.core.errors import ConfigError, ModelRefused, ModelReplyError, ModelTimeout
from mainspring.memory import Vector, open_embedder, open_memory
from mainspring.memory.embedders.endpoint import EndpointEmbedder
from mainspring.memory.embedders.minilm import MiniLm
from mainspring.models.files import embedder_files, entries
from mainspring.models.http import Address, Fixed
from tests.unit.memory.keeping import ADA, say
from tests.unit.models.wire import HANG, Serve, answer

VECTORS = {"data": [{"index": 1, "embedding": [0.0, 2.0]}, {"index": 0, "embedding": [1.0, 0.0]}]}


@pytest.mark.real_model
async def test_the_small_model_finds_what_words_do_not_and_leaves_out_what_does_not_fit() -> None:
    async with open_memory(":memory:", embedder="minilm") as store:
        for text in ("Ada wants a bench", "Ada pays by invoice", "the weather in Bergen is rainy"):
            await store.add(say(text))
        found = await store.search("somewhere to sit", [ADA])
        assert [item.note.text for item in found] == ["Ada wants a bench"]
        assert await store.search("what is the capital of Mongolia", [ADA]) == []


@pytest.mark.real_model
async def test_a_vector_does_not_depend_on_what_else_is_embedded() -> None:
    embedder = MiniLm()
    alone = await embedder.embed(["a bench"])
    together = await embedder.embed(["a much longer text about the weather in Bergen", "a bench", ""])
    assert alone[0] == together[1]
    assert [len(vector) for vector in together] == [384] * 3
    assert embedder.digest == MiniLm().digest


@pytest.mark.real_model
async def test_the_loop_goes_on_while_texts_are_embedded() -> None:
    embedder, n_turns = MiniLm(), 0
    embedding = asyncio.ensure_future(embedder.embed(["a text of some length " * 40] * 4))
    while not embedding.done():
        await asyncio.sleep(0)
        n_turns += 1
    assert n_turns > 10


@pytest.mark.real_model
async def test_what_is_longer_than_the_model_reads_is_cut() -> None:
    long, longer = await MiniLm().embed(["bench " * 300, "bench " * 3000])
    assert long == longer


def test_the_files_of_the_small_model_are_none_that_a_server_is_started_on() -> None:
    assert set(embedder_files()) == {"minilm", "minilm-tokenizer"}
    assert not set(embedder_files()) & {known.name for known in entries()}


async def test_a_server_is_asked_for_the_vectors_of_all_texts_at_once(serve: Serve) -> None:
    wire = await serve(answer(orjson.dumps(VECTORS)))
    assert await at(wire.base_url).embed(["a bench", "a chair"]) == [[1.0, 0.0], [0.0, 2.0]]
    assert wire.asked[0].path == "/v1/embeddings"
    assert wire.bodies == [{"model": "embedder", "input": ["a bench", "a chair"], "encoding_format": "float"}]


async def test_a_configured_model_embeds_by_its_name(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = await serve(answer(orjson.dumps(VECTORS)))
    settings = tmp_path / "mainspring.toml"
    settings.write_text(f'[models.near]\nmodel = "embedder"\nbase_url = "{wire.base_url}"\n')
    monkeypatch.setenv("MAINSPRING_CONFIG", str(settings))
    assert len(await open_embedder("near").embed(["a bench", "a chair"])) == 2
    assert open_embedder("near").digest == at("http://elsewhere/v1").digest


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        ({"choices": []}, "gave no vectors"),
        ({"data": [{"index": 0, "embedding": ["x"]}]}, "gave no vectors"),
        ({"data": [{"index": 0, "embedding": [1.0]}]}, "gave 1 vectors for 2 texts"),
        ({"data": [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}]}, "for 2 texts"),
    ],
)
async def test_a_reply_without_the_vectors_is_said_to_be_so(
    serve: Serve, reply: dict[str, object], complaint: str
) -> None:
    wire = await serve(answer(orjson.dumps(reply)))
    with pytest.raises(ModelReplyError, match=complaint):
        await at(wire.base_url).embed(["a bench", "a chair"])


async def test_a_server_that_makes_no_vectors_or_none_in_time_is_told_of(serve: Serve) -> None:
    wire = await serve(answer(b'{"error": {"message": "no embeddings here"}}', status="404 Not Found"), HANG)
    with pytest.raises(ModelRefused, match="no embeddings here"):
        await at(wire.base_url).embed(["a bench"])
    with pytest.raises(ModelTimeout, match=r"did not embed 1 texts within 0.01 s"):
        await at(wire.base_url, deadline_s=0.01).embed(["a bench"])


async def test_a_model_that_changes_under_its_name_is_told_of() -> None:
    class Changing:
        digest, floor, n_numbers = "same", 0.1, 2

        async def embed(self, texts: Sequence[str]) -> list[Vector]:
            return [[1.0] * self.n_numbers for _ in texts]

    embedder = Changing()
    async with open_memory(":memory:", embedder=embedder) as store:
        await store.add(say("a bench"))
        await store.search("a chair", [ADA])
        embedder.n_numbers = 3
        with pytest.raises(ConfigError, match=r"vectors of 3 numbers.*give it another name"):
            await store.search("a chair", [ADA])


async def test_a_name_that_leads_nowhere_says_so() -> None:
    with pytest.raises(ConfigError, match="there is no model 'minilmm'"):
        async with open_memory(":memory:", embedder="minilmm"):
            pass


@pytest.mark.parametrize("package", ["numpy", "onnxruntime", "tokenizers"])
def test_a_package_that_is_missing_is_named_with_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "mainspring.memory.embedders.minilm", raising=False)
    with pytest.raises(ConfigError, match=rf"{package}.*pip install 'mainspring\[embeddings\]'"):
        open_embedder("minilm")


def at(base_url: str, **settings: float) -> EndpointEmbedder:
    """Make the embedder of a server."""
    return EndpointEmbedder("embedder", server=Fixed(Address(base_url)), **settings)
