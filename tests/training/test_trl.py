"""A job trained by TRL: what ours is held against, and a run like any other."""

import json
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import trl
from datasets import Dataset  # it comes with TRL
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from mainspring.core.disk import write_whole
from mainspring.train.engine import trl_progress
from mainspring.train.engine.conversations import Conversation, Renderer
from mainspring.train.engine.packing import row_of
from mainspring.train.engine.trl_rows import Stream, columns
from mainspring.train.folder import Failure, RunFolder
from mainspring.train.job import Job
from mainspring.train.launching import train
from mainspring.train.metrics import Ended, Evaluation, Started, Step, read_metrics
from tests.training import ranks, tiny

pytestmark = [pytest.mark.training, pytest.mark.timeout(600)]  # a busy machine is not a defect


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base(tmp_path_factory.mktemp("base"))


def trained(out: Path, base: Path, processes: int = 1, **settings: Any) -> list[float]:
    """Run the engine to its end, and give the losses."""
    tiny.run_folder(out, base, tiny.rows(24), tiny.rows(5), **settings)
    assert ranks.run(out, processes) == [0] * processes
    return tiny.losses(out)


def evaluations(out: Path) -> dict[int, float]:
    lines = read_metrics(RunFolder(out).metrics)
    return {line.step: line.loss for line in lines if isinstance(line, Evaluation)}


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("packing", ["none", "plain"])
def test_trl_has_the_losses_of_the_native_loop(tmp_path: Path, base: Path, method: str, packing: str) -> None:
    settings: dict[str, Any] = {"method": method, "packing": packing}
    ours = trained(tmp_path / "ours", base, **settings)
    its = trained(tmp_path / "its", base, trainer="trl", **settings)
    assert its[0] == pytest.approx(ours[0], abs=1e-4)
    assert tiny.furthest(ours, its) < 1e-3
    assert its[-1] < its[0] - 0.5
    assert evaluations(tmp_path / "its") == pytest.approx(evaluations(tmp_path / "ours"), abs=1e-3)


def test_two_processes_of_trl_have_the_losses_of_two_of_the_native_loop(tmp_path: Path, base: Path) -> None:
    settings: dict[str, Any] = {"packing": "none", "batch_tokens": 600}
    ours = trained(tmp_path / "ours", base, 2, **settings)
    its = trained(tmp_path / "its", base, 2, trainer="trl", **settings)
    assert tiny.furthest(ours, its) < 1e-3


def test_what_is_learnt_is_what_trl_learns_by_the_marks_of_a_template(tmp_path: Path) -> None:
    tokenizer = tiny.tokenizer(tiny.MARKED)
    rows = tiny.rows(6)
    trainer = trl.SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(tiny.base(tmp_path / "base", template=tiny.MARKED)),
        args=trl.SFTConfig(
            str(tmp_path / "out"),
            assistant_only_loss=True,
            activation_checkpointing=False,
            use_cpu=True,
            bf16=False,
            report_to="none",
        ),
        train_dataset=Dataset.from_list([{"messages": [_message(turn) for turn in row.messages]} for row in rows]),
        processing_class=tokenizer,
    )
    renderer = Renderer(tokenizer, longest_tokens=256)
    conversations = [renderer.conversation(row) for row in rows]
    packed = [row_of([one], shared=False) for one in conversations if isinstance(one, Conversation)]
    ours = columns(Stream(packed, rows_per_step=1, rows_per_epoch=len(packed)))
    assert ours["input_ids"] == list(trainer.train_dataset["input_ids"])
    assert ours["labels"] == list(trainer.train_dataset["labels"])


def test_a_run_by_trl_is_launched_like_any_other_and_ends_with_an_adapter(tmp_path: Path, base: Path) -> None:
    data = tmp_path / "train-00000.jsonl"
    said = [{"messages": [_message(turn) for turn in row.messages]} for row in tiny.rows(12)]
    data.write_text("".join(json.dumps(one) + "\n" for one in said))
    told: list[object] = []
    job = Job(
        data=data,
        base=str(base),
        out=tmp_path / "out",
        trainer="trl",
        sequence_tokens=256,
        max_steps=2,
        processes=2,
    )
    folder = train(job, on_line=told.append)
    assert [type(line) for line in told if not isinstance(line, Evaluation)][:3] == [Started, Step, Step]
    assert isinstance(told[-1], Ended)
    PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), folder.model)


def test_all_weights_are_written_as_the_base_has_them_without_what_trl_fills_in(tmp_path: Path, base: Path) -> None:
    trained(tmp_path, base, method="full", trainer="trl", max_steps=1)
    folder = RunFolder(tmp_path).model
    assert AutoTokenizer.from_pretrained(folder).pad_token is None
    assert AutoModelForCausalLM.from_pretrained(folder).config.pad_token_id is None


@pytest.mark.parametrize("death", ["die_in_a_step", "die_while_saving"])
def test_a_run_of_which_a_process_is_killed_goes_on_to_the_same_digits(
    tmp_path: Path, base: Path, death: str
) -> None:
    settings: dict[str, Any] = {"trainer": "trl", "adapter": {"rank": 4, "dropout": 0.1}, "epochs": 5}
    whole = trained(tmp_path / "whole", base, 2, **settings)
    killed = tmp_path / "killed"
    tiny.run_folder(killed, base, tiny.rows(24), tiny.rows(5), **settings)
    assert -signal.SIGKILL in ranks.run(killed, 2, before=DEATHS[death])
    assert ranks.run(killed, 2) == [0, 0]
    assert tiny.losses(killed) == whole
    starts = [line.step for line in read_metrics(RunFolder(killed).metrics) if isinstance(line, Started)]
    assert starts == [0, {"die_in_a_step": 6, "die_while_saving": 3}[death]]
    assert not list(RunFolder(killed).checkpoints.glob("checkpoint-*"))


def test_the_best_weights_count_where_the_held_out_loss_rises(tmp_path: Path, base: Path) -> None:
    settings: dict[str, Any] = {"patience": 2, "evaluate_every": 2, "epochs": 60, "keep": 1, "save_every": 50}
    settings |= {"trainer": "trl", "optimization": {"learning_rate": 0.05}}
    other = tiny.row("other", ("user", "Hm?"), ("assistant", "Hmmm!"))
    tiny.run_folder(tmp_path, base, tiny.rows(24)[:6], [other], **settings)
    assert ranks.run(tmp_path) == [0]
    losses = evaluations(tmp_path)
    ended = [*read_metrics(RunFolder(tmp_path).metrics)][-1]
    assert isinstance(ended, Ended)
    assert ended.early
    assert ended.best_step == min(losses, key=lambda step: losses[step])
    best = RunFolder(tmp_path).checkpoints / f"step-{ended.best_step:06d}" / "adapter_model.safetensors"
    assert (RunFolder(tmp_path).model / "adapter_model.safetensors").read_bytes() == best.read_bytes()


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"parallel": "fsdp"}, "other", 'for `parallel = "fsdp"` leave `trainer` out'),
        ({"optimization": {"learning_rate": 1e30}}, "loss", "Lower the learning rate"),
    ],
)
def test_what_trl_cannot_do_is_said(
    tmp_path: Path, base: Path, change: dict[str, Any], kind: str, says: str
) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(12), trainer="trl", **change)
    assert ranks.run(tmp_path) == [1]
    failure = Failure.model_validate_json(RunFolder(tmp_path).failure.read_bytes())
    assert failure.kind == kind
    assert says in failure.says


def test_steps_of_trl_are_not_gone_on_with_by_another_number_of_processes(tmp_path: Path, base: Path) -> None:
    tiny.run_folder(tmp_path, base, tiny.rows(24), trainer="trl", epochs=5)
    ranks.run(tmp_path, before=die_in_a_step)
    assert ranks.run(tmp_path, 2) == [1, 1]
    failure = Failure.model_validate_json(RunFolder(tmp_path).failure.read_bytes())
    assert "`processes`: 1, given 2" in failure.says


def _message(turn: Any) -> dict[str, str]:
    return {"role": turn.role, "content": turn.content}


def die_in_a_step() -> None:
    """Let the last process die after the forward pass of a row of step 8."""
    compute, last = trl.SFTTrainer.compute_loss, str(int(os.environ["WORLD_SIZE"]) - 1)

    def compute_or_die(self: Any, *arguments: Any, **settings: Any) -> Any:
        loss = compute(self, *arguments, **settings)
        if self.state.global_step == 7 and os.environ["RANK"] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss

    trl.SFTTrainer.compute_loss = compute_or_die


def die_while_saving() -> None:
    """Let the leading process die when all parts of the second checkpoint are written, and it is not whole yet."""

    def write_or_die(path: Path, pieces: Iterable[bytes]) -> None:
        if path.name == "complete" and path.parent.name == "checkpoint-6":
            os.kill(os.getpid(), signal.SIGKILL)
        write_whole(path, pieces)

    vars(trl_progress)["write_whole"] = write_or_die


DEATHS: dict[str, Callable[[], None]] = {"die_in_a_step": die_in_a_step, "die_while_saving": die_while_saving}
