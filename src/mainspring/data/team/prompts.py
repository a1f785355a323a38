"""The prompt files that the team works by, and how they travel to whoever works on the same build."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import Field

from mainspring.core import Sampling
from mainspring.core.errors import ConfigError
from mainspring.data.document import Value
from mainspring.prompts import Prompt, load_versions

FOLDER: Final = Path(__file__).parent.parent / "prompts"
NAMES: Final = (
    "house",
    "concept_extractor",
    "question_writer",
    "answer_writer",
    "answer_mender",
    "reply_mender",
    "judge",
)


class WrittenPrompt(Value):
    """A prompt file as it is kept with a build."""

    name: str
    version: str
    body: str
    inputs: dict[str, str] = Field(default_factory=dict)
    sampling: Sampling = Sampling()

    @classmethod
    def of(cls, prompt: Prompt) -> "WrittenPrompt":
        """Take down a prompt."""
        return cls(
            name=prompt.name,
            version=str(prompt.version),
            body=prompt.body,
            inputs=prompt.inputs,
            sampling=prompt.sampling,
        )

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt."""
        return Prompt(self.body, name=self.name, version=self.version, inputs=self.inputs, sampling=self.sampling)

    @property
    def digest(self) -> str:
        """SHA-256 of its words and how they are to be answered."""
        return self.prompt.version_digest

    @property
    def mark(self) -> str:
        """Its version and digest, as records name it."""
        return f"{self.version}:{self.digest}"


class PromptSet(Value):
    """One version of each of the team's prompt files."""

    prompts: dict[str, WrittenPrompt]

    @classmethod
    def load(cls, *, folders: Sequence[Path] = (), versions: Sequence[str] = ()) -> "PromptSet":
        """Load the newest version of each prompt file.

        Args:
            folders: Where to look besides the shipped files; what is there goes first.
            versions: Which version to take instead, as `question_writer@1`.

        Raises:
            ConfigError: A file is wrong, or there is no such prompt or version.
        """
        known = load_versions(FOLDER, *folders)
        asked: Mapping[str, str] = dict(_named(wish) for wish in versions)
        if unknown := sorted(set(asked) - set(NAMES)):
            raise ConfigError(f"there is no prompt {unknown[0]!r} in the team; it has {', '.join(NAMES)}")
        return cls(prompts={name: WrittenPrompt.of(known.pick(name, asked.get(name))) for name in NAMES})

    def __getitem__(self, name: str) -> WrittenPrompt:
        return self.prompts[name]

    def marks(self, *, judge: bool) -> dict[str, str]:
        """Give the version and digest of each; that of the judge where there is one."""
        return {name: prompt.mark for name, prompt in self.prompts.items() if judge or name != "judge"}


def _named(wish: str) -> tuple[str, str]:
    name, at, version = wish.partition("@")
    if not at or not version:
        raise ConfigError(f"{wish!r} names no version of a prompt; write it as question_writer@1")
    return name, version
