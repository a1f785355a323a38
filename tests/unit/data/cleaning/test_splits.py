"""Which documents are for training and which for validation."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core.errors import ConfigError
from mainspring.data import Split
from mainspring.data.cleaning import Piece, split

SIZES = st.lists(st.integers(0, 50), max_size=12)


def text_of(number: int, *, n_words: int = 120) -> str:
    """Write a text that has nothing to do with others."""
    rng = random.Random(number)  # noqa: S311 - repeatable
    return " ".join(f"w{rng.randrange(10**6)}" for _ in range(n_words))


def changed(text: str) -> str:
    """Give the text with every tenth word another one."""
    return " ".join("other" if place % 10 == 0 else word for place, word in enumerate(text.split()))


def pieces(n_documents: int, n_examples: int = 10) -> list[Piece]:
    return [Piece(f"document {number}", text_of(number), n_examples) for number in range(n_documents)]


def validated(sides: dict[str, Split]) -> set[str]:
    return {id_ for id_, side in sides.items() if side == "validation"}


def test_of_many_documents_about_the_share_is_validated() -> None:
    sides = split(pieces(400))
    assert len(sides) == 400
    assert 25 <= len(validated(sides)) <= 55


@settings(max_examples=40, deadline=None)
@given(SIZES, st.integers(0, 1000))
def test_each_document_has_one_side_and_neither_side_is_without_examples(sizes: list[int], seed: int) -> None:
    documents = [Piece(f"{number}", text_of(number, n_words=20), size) for number, size in enumerate(sizes)]
    sides = split(documents, seed=seed)
    assert set(sides) == {document.id for document in documents}
    counted = [document for document in documents if document.n_examples]
    n_validated = sum(document.n_examples for document in counted if sides[document.id] == "validation")
    if len(counted) > 1:
        assert 0 < n_validated < sum(sizes)
    else:
        assert n_validated == 0


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(12)), st.integers(0, 1000))
def test_the_order_of_documents_is_of_no_account(order: list[int], seed: int) -> None:
    documents = pieces(11)
    documents.append(Piece("copy", changed(documents[4].text), 3))
    assert split(documents, seed=seed) == split([documents[place] for place in order], seed=seed)


@settings(max_examples=10, deadline=None)
@given(st.integers(40, 60), st.integers(0, 1000))
def test_a_document_does_not_change_sides_because_others_came(n_before: int, seed: int) -> None:
    before = split(pieces(n_before), seed=seed)
    after = split(pieces(70), seed=seed)
    if len(validated(before)) > 1:
        assert {id_: after[id_] for id_ in before} == before


def test_another_seed_gives_another_split() -> None:
    assert split(pieces(60), seed=1) != split(pieces(60), seed=2)


def test_one_document_is_trained_on_and_none_gives_none() -> None:
    for seed in range(40):
        assert split(pieces(1), seed=seed) == {"document 0": "train"}
    assert split([]) == {}


def test_of_two_documents_one_is_validated_and_the_smaller_one_where_they_differ() -> None:
    for seed in range(40):
        assert len(validated(split(pieces(2), seed=seed))) == 1
        large, small = Piece("a", text_of(1), 90), Piece("b", text_of(2), 10)
        assert split([large, small], seed=seed) == {"a": "train", "b": "validation"}


def test_documents_that_are_nearly_the_same_stay_together() -> None:
    for seed in range(40):
        documents = pieces(12)
        documents += [Piece(f"copy of {one.id}", changed(one.text), 10) for one in documents[:6]]
        sides = split(documents, seed=seed)
        assert all(sides[one.id] == sides[f"copy of {one.id}"] for one in documents[:6])


def test_the_same_document_twice_is_never_on_both_sides() -> None:
    for seed in range(20):
        sides = split([Piece("a", text_of(1), 5), Piece("b", text_of(1), 5)], seed=seed)
        assert sides == {"a": "train", "b": "train"}


def test_documents_without_words_are_not_taken_for_each_other() -> None:
    sides = split([Piece("a", "", 5), Piece("b", "...", 5)])
    assert len(validated(sides)) == 1


def test_a_side_that_was_given_before_is_kept_and_so_is_that_of_a_new_version() -> None:
    documents = [*pieces(4), Piece("document 0, mended", changed(text_of(0)), 10)]
    for seed in range(40):
        sides = split(documents, seed=seed, earlier={"document 0": "validation", "document 1": "train"})
        assert (sides["document 0"], sides["document 1"]) == ("validation", "train")
        assert sides["document 0, mended"] == "validation"


def test_where_all_earlier_documents_are_trained_on_a_new_one_is_validated() -> None:
    for seed in range(40):
        sides = split(pieces(2), seed=seed, earlier={"document 0": "train"})
        assert sides == {"document 0": "train", "document 1": "validation"}


def test_no_share_validates_nothing() -> None:
    assert validated(split(pieces(10), share=0.0)) == set()


@pytest.mark.parametrize("share", [-0.1, 0.6, 1.0])
def test_a_share_that_is_no_validation_split_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="validation split"):
        split([], share=share)
