"""A suite: cases that models are held to, in their order, and a digest that says which ones they are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from mainspring.evals.case import Case, Routine
from mainspring.evals.controls import Control
from mainspring.evals.scorers import Judged
from mainspring.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases, and what they are called together."""

    name: str
    cases: Sequence[Case | Routine]
    controls: Sequence[Control] = ()
    """What a judge is measured with; made of the cases if there are none."""
    prompt: str = ""
    """Version and digest of the prompt that the cases are told instead of their own, if they are."""

    @property
    def digest(self) -> str:
        """SHA-256 of the cases and of how they are scored; a prompt that is tried on them is no part of it."""
        whole = hashlib.sha256()
        for case in self.cases:
            whole.update(case.digest.encode())
            whole.update(repr(case.sampling).encode() if isinstance(case, Case) else b"")
        return whole.hexdigest()

    @property
    def judged(self) -> Sequence[Case]:
        """The cases that a model has to judge."""
        return [case for case in self.cases if isinstance(case, Case) and isinstance(case.expected, Judged)]

    def limited(self, n: int) -> Self:
        """Give a suite of so many of the cases, chosen by their ids: another suite, with another digest."""
        chosen = {case.id for case in sorted(self.cases, key=_by_chance)[:n]}
        return replace(self, cases=[case for case in self.cases if case.id in chosen])

    def told(self, prompt: Prompt) -> Self:
        """Give the same suite under the instructions of a prompt file.

        Raises:
            ConfigError: The prompt wants inputs, which cases do not have.
        """
        words = prompt.render()
        cases = [case.told(words) if isinstance(case, Case) else case for case in self.cases]
        return replace(self, cases=cases, prompt=f"{prompt.name}@{prompt.version} {prompt.version_digest[:12]}")


def _by_chance(case: Case | Routine) -> bytes:
    return hashlib.sha256(case.id.encode()).digest()
