"""What the work on a document follows from: the models, the prompts and the wishes, and nothing else."""

from functools import cached_property
from typing import ClassVar

from mainspring.data.calls import key_of
from mainspring.data.document import Value
from mainspring.data.team import PromptSet, Wishes


class Spec(Value):
    """How a build works on documents; it is kept in the store, so that workers elsewhere find it."""

    VERSION: ClassVar = 1

    teacher: str
    """Name of the model that extracts, asks and answers."""
    judge: str = ""
    """Name of the model that judges; empty for none."""
    prompts: PromptSet
    wishes: Wishes = Wishes()
    planted: float = 0.1
    """The share of good examples that the judge is shown once more, spoilt."""

    @cached_property
    def digest(self) -> str:
        """The key of all of it."""
        return key_of("spec", self.VERSION, self.model_dump(mode="json"))

    def without_judge(self) -> "Spec":
        """Give the same spec with nobody who judges."""
        return Spec(teacher=self.teacher, prompts=self.prompts, wishes=self.wishes, planted=self.planted)
