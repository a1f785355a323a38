"""A training job: what is learnt from, by which model, how. It is a file, and all that the engine is told."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Method = Literal["full", "lora", "qlora"]
Trainer = Literal["native", "trl"]
Tracker = Literal["tensorboard", "mlflow", "wandb"]
Share = Annotated[float, Field(ge=0, le=1)]

JOB_FILE: Final = "job.json"


class Value(BaseModel):
    """What crosses a boundary of this room: checked when made, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rope(Value):
    """How the positions of a base are stretched past the window it was trained for (YaRN: 2309.00071)."""

    kind: Literal["linear", "yarn"]
    factor: float = Field(gt=1)
    """How many times the trained window."""


class Adapter(Value):
    """A low-rank adapter on every linear of the layers (LoRA: 2106.09685)."""

    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=32.0, gt=0)
    """What it adds is scaled by `alpha / rank`."""
    dropout: Share = 0.0
    targets: Literal["all", "attention"] = "all"
    """Which linears: all of a layer, or those of attention. Embeddings and the head are never adapted."""


class Optimization(Value):
    """How weights are moved: AdamW, a warm-up, and a cosine to `final_share` of the highest rate."""

    learning_rate: float | None = Field(default=None, gt=0)
    """The highest rate; left out: 1e-3 for adapters, 1e-4 for all weights."""
    warmup_share: Share = 0.05
    """Share of all steps in which the rate rises."""
    final_share: Share = 0.1
    weight_decay: float = Field(default=0.0, ge=0)
    betas: tuple[float, float] = (0.9, 0.99)
    clip_norm: float = Field(default=1.0, gt=0)
    """The norm of all gradients together is held below this."""


class Job(Value):
    """One training run, in whole."""

    VERSION: int = 1

    data: Path
    """The folder of a dataset, or a JSONL file of rows."""
    base: str
    """A Hugging Face folder or name, a GGUF file, or a name of the catalog of embedded models."""
    out: Path
    """The folder that everything is written to."""
    method: Method = "lora"
    trainer: Trainer = "native"
    adapter: Adapter = Adapter()
    optimization: Optimization = Optimization()

    mode: Literal["structured", "native", "text"] = "structured"
    """How the model will be asked for tool calls when it is served; rows are put into those words."""
    thoughts: bool = False
    """Whether the thoughts that rows hold are learnt; without them each step begins with an empty one."""
    learn: Literal["replies", "last_reply", "calls", "all"] = "replies"
    """Whose words count in the loss: all that the assistant says, its last reply, its tool calls, or everything."""
    rehearsal: Path | None = None
    """Rows of other kinds that are mixed in against forgetting, in the form of `data`."""
    rehearsal_share: Share = 0.3
    """Their share of all rows, as far as there are so many."""

    sequence_tokens: int = Field(default=2048, ge=16)
    """Tokens of one packed row."""
    packing: Literal["shared", "plain", "none"] = "shared"
    """Several conversations to a row, none of which sees another; `shared` has what they begin with once."""
    batch_tokens: int = Field(default=4096, ge=16)
    """Tokens of one optimizer step, over all processes; made of as many packed rows as that takes."""
    epochs: float = Field(default=2.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """What is computed in; `auto` is bf16 where the hardware has it, and fp32 elsewhere."""
    activation_checkpointing: bool = False
    """Whether activations are computed again in the backward pass instead of kept."""
    rope: Rope | None = None

    evaluate_every: int = Field(default=10, ge=1)
    """Steps between two losses on the held-out split."""
    patience: int | None = Field(default=None, ge=1)
    """Evaluations in a row without a better loss after which training ends, and the best weights count."""
    save_every: int = Field(default=20, ge=1)
    """Steps between two checkpoints."""
    keep: int = Field(default=2, ge=1)
    """How many checkpoints are kept."""
    seed: int = 0
    processes: int = Field(default=1, ge=1)
    """Processes on this machine; several machines are told by torchrun's own flags."""
    parallel: Literal["auto", "ddp", "fsdp"] = "auto"
    """Each process holds all weights (DDP) or a part of them (FSDP2); `auto` is FSDP2 for full training on GPUs."""
    trackers: tuple[Tracker, ...] = ()
    """Where figures are shown besides this folder."""

    @property
    def highest_rate(self) -> float:
        """The learning rate at the end of the warm-up."""
        return self.optimization.learning_rate or (1e-4 if self.method == "full" else 1e-3)
