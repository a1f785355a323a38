"""What is said of prompt files: a version as a program is told it, a history, a comparison."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import unified_diff

from mainspring.cli.prompt_files.used import Use
from mainspring.core import JsonObject
from mainspring.prompts import Prompt
from mainspring.prompts.front_matter import read_parts


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a prompt, and what was made by it."""

    prompt: Prompt
    uses: Sequence[Use]

    @property
    def n_words(self) -> int:
        """How many words its template has."""
        return len(self.prompt.body.split())

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        used: list[JsonObject] = [asdict(use) | {"rate": use.rate} for use in self.uses]
        return {**head(self.prompt), "n_words": self.n_words, "used": [*used]}


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a prompt, the one that is worked by last."""

    name: str
    versions: Sequence[Version]
    others: Sequence[Use]
    """What was made by words that are in none of the files."""

    @classmethod
    def of(cls, prompts: Sequence[Prompt], found: Sequence[Use]) -> "History":
        """Sort what was made by a prompt under its versions, by digest.

        Datasets made of documents tell a version by its words and sampling, those made of runs by its words.
        """
        by_digest = {prompt.digest: prompt for prompt in prompts}
        by_digest.update({prompt.version_digest: prompt for prompt in prompts})
        versions = [
            Version(prompt, [use for use in found if by_digest.get(use.digest) is prompt]) for prompt in prompts
        ]
        return cls(prompts[-1].name, versions, [use for use in found if use.digest not in by_digest])

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        others: list[JsonObject] = [asdict(use) | {"rate": use.rate} for use in self.others]
        return {
            "name": self.name,
            "versions": [version.document for version in self.versions],
            "others": [*others],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two prompt files differ, as the lines of unified diffs without their heads."""

    one: Prompt
    other: Prompt
    front_matter: Sequence[str]
    words: Sequence[str]

    @classmethod
    def of(cls, one: Prompt, other: Prompt) -> "Comparison":
        """Compare two."""
        fronts, bodies = zip(*map(_parts, (one, other)), strict=True)
        return cls(one, other, _diff(*fronts), _diff(*bodies))

    @property
    def document(self) -> JsonObject:
        """What a program is told of it."""
        return {
            "one": head(self.one),
            "other": head(self.other),
            "front_matter": [*self.front_matter],
            "words": [*self.words],
        }


def head(prompt: Prompt) -> JsonObject:
    """Give what a version is known by."""
    return {
        "name": prompt.name,
        "version": prompt.version,
        "digest": prompt.version_digest,
        "words_digest": prompt.digest,
        "sampling_digest": prompt.sampling_digest,
        "changes": prompt.changes,
        "description": prompt.description,
        "file": str(prompt.path),
    }


def whole(prompt: Prompt) -> JsonObject:
    """Give all that stands in a version's file."""
    return {
        **head(prompt),
        "model": prompt.model,
        "inputs": {**prompt.inputs},
        "output": prompt.output,
        "sampling": prompt.sampling.model_dump(mode="json", exclude_defaults=True),
        "words": prompt.body,
    }


def _parts(prompt: Prompt) -> tuple[str, str]:
    if prompt.path is None:
        return "", prompt.body
    parts = read_parts(prompt.path)
    return parts.front, parts.body


def _diff(one: str, other: str) -> list[str]:
    return [*unified_diff(one.splitlines(), other.splitlines(), lineterm="")][2:]
