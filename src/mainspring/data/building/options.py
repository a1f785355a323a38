"""What is wanted of a build."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mainspring.core import Budget, Clock, Model, SystemClock
from mainspring.data.cleaning import Policy
from mainspring.data.reading import Limits
from mainspring.data.team import Wishes
from mainspring.models import open_model


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How documents become a dataset; what is not said is good for most."""

    teacher: str
    """Name of the model that extracts concepts, asks and answers."""
    judge: str = ""
    """Name of the model that judges; empty for none."""
    prompt_folders: tuple[Path, ...] = ()
    """Prompt files that go before the shipped ones of the same name."""
    prompt_versions: tuple[str, ...] = ()
    """Versions to work by instead of the newest, as `question_writer@1`."""
    wishes: Wishes = field(default_factory=Wishes)
    budget: Budget = field(default_factory=Budget)
    """What all processes that work on the build may use together."""
    n_controls: int = 24
    """Pairs that are known to be good or bad, with which the judge is measured before it is relied on."""
    most_false_accepts: float = 0.2
    """A judge that lets a larger share of the bad ones pass does not count."""
    most_false_rejects: float = 0.4
    """A judge that refuses a larger share of the good ones does not count."""
    planted: float = 0.1
    """The share of good examples that the judge is shown once more, spoilt."""
    pii: Policy = "redact"
    evaluation_sets: tuple[Path, ...] = ()
    """Files of questions that no example may give away."""
    embedder: str = ""
    """Finds questions that mean the same, as of `open_memory`; none if empty."""
    validation: float = 0.1
    """About which share of the examples is kept for validation, by whole documents."""
    seed: int = 0
    """Another one gives another split."""
    format: str | None = None
    """Of the rows; None for what the dataset has, `openai` where it has none."""
    shard_rows: int | None = None
    system: str | None = None
    """Instructions that every row begins with."""
    limits: Limits = field(default_factory=Limits)
    """What reading one file may take."""
    n_readers: int = 2
    """Processes that read files."""
    n_documents: int = 32
    """Documents that are worked on at once."""
    most_calls: int = 64
    """Calls of a model that are under way at once, however much its server bears."""
    store: str = ""
    """Where the work is kept: a file or a postgresql:// URL; `data.db` in the dataset's folder if empty."""
    open_model: Callable[[str], Model] = open_model
    """Opens models by their names."""
    clock: Clock = field(default_factory=SystemClock)

    def in_store(self, store: str) -> "Options":
        """Give the same options with the work kept elsewhere."""
        return replace(self, store=store)
