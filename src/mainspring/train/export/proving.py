"""Proof of an export: it is served as users would, and held against what PyTorch says of the trained model.

Files in four or eight bits are rounded, so not every choice is the same; what share has to be is stated beforehand,
and the share that was measured is written down beside the export.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from mainspring.core.disk import write_whole
from mainspring.core.errors import ConfigError, TrainingError
from mainspring.core.threads import in_daemon_thread
from mainspring.models.local import LlamaServer, LocalSettings
from mainspring.models.local.settings import Lora
from mainspring.train.export.exporting import Exported
from mainspring.train.export.served import Agreement, Asked, Expected, agreement
from mainspring.train.export.trained import Trained
from mainspring.train.folder import Row, RunFolder
from mainspring.train.job import Value

PROOF: Final = "proof.json"
_ANSWERING: Final = "mainspring.train.engine.answer"
_FLOORS: Final[Mapping[str, float]] = {
    "f32": 0.99,
    "f16": 0.99,
    "bf16": 0.95,
    "q8_0": 0.95,
    "q5_1": 0.85,
    "q5_0": 0.85,
}
_LEAST_FLOOR: Final = 0.7
"""Of four bits."""
_ADAPTER_FLOOR: Final = 0.9
"""The base has the numbers that were trained on, and llama.cpp rounds what it multiplies them with."""
_LOG_LINES: Final = 8


class Proof(Value):
    """How an export's choices agree with those of the trained model."""

    VERSION: int = 1

    prompts: tuple[Agreement, ...]
    floor: float
    """The share of choices that has to be the same, for this form."""

    @property
    def tokens(self) -> int:
        """Choices that were compared."""
        return sum(one.tokens for one in self.prompts)

    @property
    def share(self) -> float:
        """The share of them that was the same."""
        return sum(one.agreeing for one in self.prompts) / max(1, self.tokens)

    @property
    def n_whole(self) -> int:
        """Answers that were the same from end to end."""
        return sum(one.is_whole for one in self.prompts)

    @property
    def logprob_difference(self) -> float | None:
        """Mean over prompts of the distance of the expected tokens' log-probabilities; None where none is known."""
        known = [one.logprob_difference for one in self.prompts if one.logprob_difference is not None]
        return sum(known) / len(known) if known else None

    @property
    def holds(self) -> bool:
        """Whether the export says what the model says, within what its form is known to lose."""
        return self.share >= self.floor and all(one.same_prompt for one in self.prompts)


async def prove(
    exported: Exported, run: RunFolder, *, python: str = sys.executable, n_rows: int = 8, n_tokens: int = 32
) -> Proof:
    """Serve an export and compare its greedy answers with PyTorch's; what came of it is kept beside the export.

    Args:
        exported: A GGUF, or an adapter in GGUF.
        run: The run that it was made of.
        python: An interpreter that has the extra `train`.
        n_rows: Conversations of the held-out split that are answered, besides some fixed ones.
        n_tokens: The most tokens of an answer.

    Raises:
        ConfigError: The export is none that is served here, or the base has no GGUF to lay an adapter over.
        TrainingError: PyTorch did not answer.
        ModelError: The server did not.
    """
    file, settings = _served(exported, run)
    asked = [*_held_out(run, n_rows), *_fixed()]
    expected = await in_daemon_thread(lambda: _expected(run, asked, python, n_tokens))
    longest = max(len(one.prompt_ids) + len(one.ids) for one in expected)
    server = LlamaServer(file, settings.model_copy(update={"context_tokens": max(64, longest + 1)}))
    try:
        address = await server.ready()
        found = [await agreement(address, one, answer) for one, answer in zip(asked, expected, strict=True)]
    finally:
        await in_daemon_thread(server.stop)
    proof = Proof(prompts=tuple(found), floor=_floor(exported))
    write_whole(exported.folder / PROOF, [proof.model_dump_json(indent=2).encode() + b"\n"])
    return proof


def _served(exported: Exported, run: RunFolder) -> tuple[Path, LocalSettings]:
    """Give the file that is served, and how."""
    if exported.gguf is None:
        raise ConfigError(
            f"an export to {exported.form} is not served here; --to gguf or gguf-adapter can be proven"
        )
    strict = LocalSettings(strict=True)
    if exported.form == "gguf":
        return exported.gguf, strict
    trained = Trained.open(run)
    if trained.base.gguf is None:
        raise ConfigError(
            f"the base {trained.base.given!r} has no GGUF to lay the adapter over; prove --to gguf instead"
        )
    update: dict[str, object] = {"lora": (Lora(path=exported.gguf),)}
    if rope := trained.job.rope:
        update |= {"rope_scaling": rope.kind, "rope_factor": rope.factor}
    return trained.base.gguf, strict.model_copy(update=update)


def _floor(exported: Exported) -> float:
    return _ADAPTER_FLOOR if exported.quantization is None else _FLOORS.get(exported.quantization, _LEAST_FLOOR)


def _held_out(run: RunFolder, n_rows: int) -> list[Asked]:
    """Give what the first rows of the held-out split ask, those aside in which the template words calls."""
    path, asked = run.rows("validation"), list[Asked]()
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        row = Row.model_validate_json(line)
        *before, last = row.messages
        question = Asked(messages=tuple(turn.message for turn in before), tools=tuple(row.shown))
        is_worded = any(turn.calls or turn.call_id for turn in before)
        if last.role == "assistant" and before and not is_worded and question not in asked:
            asked.append(question)
        if len(asked) == n_rows:
            break
    return asked


def _fixed() -> list[Asked]:
    text = files("mainspring.train.export").joinpath("questions.jsonl").read_text(encoding="utf-8")
    return [Asked(messages=(json.loads(line),)) for line in text.splitlines()]


def _expected(run: RunFolder, asked: Sequence[Asked], python: str, n_tokens: int) -> list[Expected]:
    """Have PyTorch answer, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="mainspring-proof-") as folder:
        prompts, out = Path(folder, "prompts.jsonl"), Path(folder, "answers.jsonl")
        lines = [json.dumps({**one.model_dump(), "tokens": n_tokens}) for one in asked]
        prompts.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        ended = subprocess.run(  # noqa: S603 - our own module
            [python, "-m", _ANSWERING, str(run.path.resolve()), str(prompts), str(out)],
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            said = "\n".join(ended.stderr.splitlines()[-_LOG_LINES:])
            raise TrainingError(
                f"PyTorch could not answer for the trained model; is the extra 'train' installed for {python!r}? "
                f"It said:\n{said}"
            )
        return [Expected.model_validate_json(line) for line in out.read_bytes().splitlines()]
