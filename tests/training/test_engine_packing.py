"""Packing changes what a loss costs, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from mainspring.train.engine.conversations import Conversation, Renderer
from mainspring.train.engine.loss import loss_sum
from mainspring.train.engine.packing import PackedRow, Packing, pack, row_of
from tests.training import tiny

# ruff: noqa: N806 - names of tensors carry their shapes
pytestmark = pytest.mark.training
CPU = torch.device("cpu")


@pytest.fixture
def model(tmp_path: Path) -> Any:
    return AutoModelForCausalLM.from_pretrained(tiny.base(tmp_path / "base")).train()


def conversations(n_rows: int = 12) -> list[Conversation]:
    renderer = Renderer(tiny.tokenizer(), longest_tokens=256)
    made = [renderer.conversation(one) for one in tiny.rows(n_rows)]
    return [one for one in made if isinstance(one, Conversation)]


def learnt(model: Any, rows: list[PackedRow]) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Give the loss of rows, and the gradients of all weights."""
    model.zero_grad()
    loss = sum((loss_sum(model, row, CPU) for row in rows), torch.zeros(()))
    loss.backward()
    return loss.detach(), [weight.grad.clone() for weight in model.parameters()]


@pytest.mark.parametrize("packing", ["none", "plain", "shared"])
@pytest.mark.parametrize("everything", [False, True], ids=["replies", "everything"])
def test_losses_and_gradients_are_those_of_the_conversations_one_by_one(
    model: Any, packing: Packing, everything: bool
) -> None:
    alone = conversations()
    if everything:  # also what is shared counts, as often as it occurs
        alone = [Conversation(one.id, one.ids, tuple(range(len(one.ids)))) for one in alone]
    loss, gradients = learnt(model, [row_of([one], shared=False) for one in alone])
    packed_loss, packed_gradients = learnt(model, pack(alone, packing, row_tokens=300, seed=0))
    torch.testing.assert_close(packed_loss, loss, rtol=1e-5, atol=1e-5)
    for packed, gradient in zip(packed_gradients, gradients, strict=True):
        torch.testing.assert_close(packed, gradient, rtol=1e-4, atol=1e-4 * float(gradient.abs().max()))


@pytest.mark.parametrize("shared", [False, True], ids=["plain", "shared"])
def test_logits_of_a_conversation_do_not_change_with_its_neighbours(model: Any, shared: bool) -> None:
    alone = conversations(4)
    row = row_of(alone, shared=shared)
    mask_TT = row.mask_TT()
    assert mask_TT is not None
    packed = model(
        input_ids=torch.from_numpy(row.ids_T)[None],
        position_ids=torch.from_numpy(row.positions_T)[None],
        attention_mask=torch.from_numpy(mask_TT)[None, None],
        use_cache=False,
    ).logits[0]
    members = sorted(alone, key=lambda one: one.ids) if shared else alone
    for one, path in zip(members, row.paths, strict=True):
        own = model(input_ids=torch.tensor([one.ids]), use_cache=False).logits[0]
        torch.testing.assert_close(packed[torch.from_numpy(path)], own, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("packing", ["none", "plain", "shared"])
def test_each_conversation_is_in_one_row_that_is_no_longer_than_it_may_be(packing: Packing) -> None:
    alone = conversations(40)
    rows = pack(alone, packing, row_tokens=256, seed=3)
    found = sorted(tuple(row.ids_T[path].tolist()) for row in rows for path in row.paths)
    assert found == sorted(one.ids for one in alone)
    assert max(len(row.ids_T) for row in rows) <= 256
    assert sum(row.n_learnt for row in rows) == sum(len(one.learnt) for one in alone)


def test_conversations_that_begin_alike_have_that_beginning_once_in_a_row() -> None:
    beginning = tuple(range(100))
    alone = [Conversation(str(n), (*beginning, 100 + n, 200), (100, 101)) for n in range(50)]
    rows = pack(alone, "shared", row_tokens=200, seed=0)
    assert [len(row.ids_T) for row in rows] == [200]
    assert rows[0].unpacked_tokens == 50 * 102


def test_rows_hold_conversations_of_one_beginning_and_not_a_few_of_each() -> None:
    alone = [
        Conversation(f"{kind}:{n}", (*[kind] * 150, 10 + n, *[100 + n] * 9), (159,))
        for n in range(40)
        for kind in range(4)
    ]
    rows = pack(alone, "shared", row_tokens=350, seed=0)
    assert len(rows) == 8
    assert all(len({row.ids_T[path[0]] for path in row.paths}) == 1 for row in rows)


def test_the_seed_alone_decides_which_conversations_share_a_row() -> None:
    def members(seed: int) -> list[list[int]]:
        return [row.ids_T.tolist() for row in pack(conversations(40), "plain", row_tokens=256, seed=seed)]

    assert members(1) == members(1)
    assert members(1) != members(2)
