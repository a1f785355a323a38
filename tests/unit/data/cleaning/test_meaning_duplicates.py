"""Questions that ask the same in other words."""

import sys
from collections.abc import Sequence

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning import MeaningDuplicates
from mainspring.memory import ScriptedEmbedder, Vector

FIRST = 0x4E00
MEANINGS = [["return", "send back"], ["long", "days"], ["cost", "price"]]


async def test_a_question_in_other_words_is_found_and_the_earlier_one_wins() -> None:
    known = MeaningDuplicates(ScriptedEmbedder(MEANINGS))
    found = await known.add(
        [("a", "How long can I return it?"), ("b", "How many days to send it back?"), ("c", "What does it cost?")]
    )
    assert [match and match.id for match in found] == [None, "a", None]
    assert len(known) == 2
    (later,) = await known.add([("d", "What is the price?")])
    assert later is not None
    assert later.id == "c"
    assert later.similarity == pytest.approx(1.0)


async def test_questions_that_differ_in_a_number_or_a_name_mean_different_things() -> None:
    known = MeaningDuplicates(ScriptedEmbedder(MEANINGS))
    found = await known.add([("a", "The cost in 2023?"), ("b", "The cost in 2024?"), ("c", "The price in 2023?")])
    assert [match and match.id for match in found] == [None, None, "a"]
    assert await known.add([("d", "Its cost in Norway?"), ("e", "Its cost in Finland?")]) == [None, None]


async def test_a_text_that_means_nothing_is_like_nothing() -> None:
    known = MeaningDuplicates(ScriptedEmbedder(MEANINGS))
    assert await known.add([("a", ""), ("b", ""), ("c", "🙂")]) == [None, None, None]


class Corners:
    """Gives each ideograph a corner of a cube of 13 dimensions: no two are nearer than 0.85."""

    digest, floor = "corners", 0.5

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Give the corner of each."""
        return [[1.0 if bit == "1" else -1.0 for bit in f"{ord(text) - FIRST:013b}"] for text in texts]


async def test_questions_beyond_one_block_are_compared_with_all_of_them() -> None:
    known = MeaningDuplicates(Corners())
    questions = [(f"{number}", chr(FIRST + number)) for number in range(5000)]
    assert await known.add(questions) == [None] * 5000
    again = await known.add([questions[0], questions[4095], questions[4096], questions[4999]])
    assert [match and match.id for match in again] == ["0", "4095", "4096", "4999"]


async def test_an_embedder_that_changes_its_mind_is_refused() -> None:
    class Growing:
        digest, floor, n_numbers = "growing", 0.5, 1

        async def embed(self, texts: Sequence[str]) -> list[Vector]:
            self.n_numbers += 1
            return [[1.0] * self.n_numbers for _ in texts]

    known = MeaningDuplicates(Growing())
    await known.add([("a", "one")])
    with pytest.raises(ConfigError, match="of one model"):
        await known.add([("b", "two")])


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ConfigError, match=r"mainspring\[embeddings\]"):
        MeaningDuplicates(ScriptedEmbedder(MEANINGS))
