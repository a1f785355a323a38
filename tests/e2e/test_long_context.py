"""RoPE scaling on a real model: how much is served, and what is found in a text longer than it was trained on."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from benchmarks.needle_haystack import Found, Haystack, haystack, said_to_be_trained_for, search
from mainspring import ChatModel
from mainspring.core.errors import ConfigError
from mainspring.models import open_model
from mainspring.models.config import ModelSettings, Settings
from mainspring.models.files.catalog import entry
from mainspring.models.files.fetch import fetch
from mainspring.models.local import LlamaServer, LocalSettings
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.window import Window, ask_window

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(600)]

TRAINED_TOKENS = 8_192
"""What SmolLM2-135M was trained on."""


@pytest.fixture(scope="module")
def model() -> Path:
    return fetch(entry("smollm2-135m"))


@contextmanager
def opened(local: LocalSettings) -> Iterator[ChatModel]:
    named = ModelSettings(provider="local", model="smollm2-135m", local=local)
    reader = open_model("reader", Settings(models={"reader": named}))
    assert isinstance(reader, ChatModel)
    assert isinstance(reader.server, EmbeddedServer)
    try:
        yield reader
    finally:
        if reader.server.process is not None:
            reader.server.process.stop()


def found_by(file: Path, settings: LocalSettings, hay: Haystack) -> Found:
    server = LlamaServer(file, settings)
    try:
        return asyncio.run(search(server.address(), hay))
    finally:
        server.stop()


@pytest.mark.parametrize("scaling", ["linear", "yarn"])
async def test_a_stretched_model_is_served_with_the_context_that_its_factor_reaches(
    scaling: Literal["linear", "yarn"],
) -> None:
    stretching = LocalSettings(context_tokens=2 * TRAINED_TOKENS, rope_scaling=scaling, rope_factor=2)
    with opened(stretching) as reader:
        window = await ask_window(reader)
    assert window == Window(2 * TRAINED_TOKENS, 1, TRAINED_TOKENS, scaling, 2.0)


async def test_without_a_scaling_the_trained_context_is_all_there_is() -> None:
    with opened(LocalSettings(context_tokens=TRAINED_TOKENS)) as reader:
        assert await ask_window(reader) == Window(TRAINED_TOKENS, 1, TRAINED_TOKENS, "none")
    more = LocalSettings(context_tokens=TRAINED_TOKENS + 1)
    with opened(more) as reader, pytest.raises(ConfigError, match=r"rope_scaling = 'yarn', rope_factor = 1\.25"):
        await ask_window(reader)


def test_what_lies_further_back_than_the_trained_context_is_found_with_yarn_and_not_without(
    model: Path, tmp_path: Path
) -> None:
    hay = haystack(9_600, within=0.1)
    window = LocalSettings(context_tokens=10_240)
    plain = found_by(said_to_be_trained_for(10_240, model, tmp_path), window, hay)
    stretched = found_by(model, window.model_copy(update={"rope_scaling": "yarn", "rope_factor": 1.25}), hay)

    assert 0.9 * plain.n_tokens > TRAINED_TOKENS
    assert stretched.n_found >= 5, stretched.replies
    assert plain.n_found <= 2, plain.replies
