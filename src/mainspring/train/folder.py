"""The folder of a training run: what stands where in it.

```
job.json                        the job, as it is run; its base is a folder in Hugging Face's form
base.json                       what that base is: the file or name it was given by, its digest, its licence
rows/{train,validation}.jsonl   what is learnt from: one conversation a line, in the words the model will see
metrics.jsonl                   one line a happening; see `metrics.py`
checkpoints/step-000040/        weights, optimizer and random states, divided over processes; a folder without the
                                file `complete` is none
failure.json                    why the engine stopped, if it did before its end
model/                          what came of it, in Hugging Face's form: an adapter (PEFT) or all weights
report.html                     the run, drawn
exports/                        what was made of `model/` for serving, each with its card
```
"""

from pathlib import Path
from typing import Final, Literal

from mainspring.core import JsonObject, ToolCall, ToolSpec
from mainspring.train.job import JOB_FILE, Value

COMPLETE: Final = "complete"
Split = Literal["train", "validation"]
FailureKind = Literal["loss", "memory", "disk", "rows", "base", "rank", "other"]


class Turn(Value):
    """One message of a conversation, in the words that a server's chat template is given."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    learn: bool = False
    """Whether the model is to learn to write it."""
    calls: tuple[ToolCall, ...] = ()
    """Only where the template itself words them."""
    call_id: str = ""
    """The call whose result it is, then."""
    name: str = ""
    """The tool whose result it is, then."""

    @property
    def message(self) -> JsonObject:
        """What a chat template is given: OpenAI's form, but for arguments, which are an object."""
        said: JsonObject = {"role": self.role, "content": self.content}
        if self.calls:
            said["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in self.calls
            ]
        if self.call_id:
            said |= {"tool_call_id": self.call_id, "name": self.name}
        return said


class Row(Value):
    """One conversation to learn from."""

    id: str
    """Where it comes from: `train-00000.jsonl:17`."""
    messages: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    """What the template is to tell the model of; empty where messages do."""

    @property
    def shown(self) -> list[JsonObject]:
        """The tools as a chat template is given them."""
        return [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in self.tools
        ]


class Base(Value):
    """What a model was made of."""

    given: str
    """As the user named it."""
    folder: Path
    """Its weights, configuration and tokenizer in Hugging Face's form."""
    gguf: Path | None = None
    """The GGUF file it was read from, if it was."""
    sha256: str
    """Of that file, or of the weights in the folder."""
    licence: str = ""


class Failure(Value):
    """Why the engine stopped before its end."""

    kind: FailureKind
    says: str
    """What happened and what to do, in words for the user."""
    rank: int = 0
    step: int = 0


class RunFolder:
    """The folder of a training run.

    Args:
        path: Where.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job = path / JOB_FILE
        self.base = path / "base.json"
        self.metrics = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoints"
        self.failure = path / "failure.json"
        self.model = path / "model"
        self.report = path / "report.html"
        self.exports = path / "exports"

    def rows(self, split: Split) -> Path:
        """Give the file of a split's rows."""
        return self.path / "rows" / f"{split}.jsonl"

    def latest_checkpoint(self) -> Path | None:
        """Give the newest checkpoint that was written whole."""
        whole = [path for path in self.checkpoints.glob("step-*") if (path / COMPLETE).exists()]
        return max(whole, default=None, key=lambda path: path.name)
