"""One prompt file, read, checked and rendered."""

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_core import to_json

from mainspring.core import JsonObject, Sampling
from mainspring.core.errors import ConfigError
from mainspring.prompts.front_matter import Parts, front_matter, read_parts

if TYPE_CHECKING:
    from jinja2 import Environment, Template


class Prompt:
    """A template for words that a model is told.

    Args:
        body: Jinja template text.
        name: What it is called in records.
        description: What it is for, in words that another agent can read.
        version: Its author's version.
        changes: What is different from the version before, in a line.
        model: The model it was written for, where it names one.
        inputs: What it must be given: name to what it means.
        output: JSON schema of the answer it asks for.
        sampling: How the model should pick its words.
        verbatim: Whether the body is words as they are, not a template.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each field of the front matter
        self,
        body: str,
        *,
        name: str = "inline",
        description: str = "",
        version: int | str = 1,
        changes: str = "",
        model: str | None = None,
        inputs: Mapping[str, str] | None = None,
        output: JsonObject | None = None,
        sampling: Sampling | None = None,
        verbatim: bool = False,
    ) -> None:
        self.body = body
        self.name = name
        self.description = description
        self.version = version
        self.changes = changes
        self.model = model
        self.inputs = dict(inputs or {})
        self.output = output
        self.sampling = sampling or Sampling()
        self.path: Path | None = None
        """The file it was read from; None where it was made in code."""
        self._verbatim = verbatim or "{" not in body

    @classmethod
    def load(cls, path: str | Path) -> "Prompt":
        """Read a prompt file.

        Raises:
            ConfigError: The file is missing, its front matter is wrong, or its template does not parse.
        """
        path = Path(path)
        parts = read_parts(path)
        front = front_matter(parts, path)
        prompt = cls(
            parts.body,
            name=front.name,
            description=front.description,
            version=front.version,
            changes=front.changes,
            model=front.model,
            inputs=front.inputs,
            output=front.output,
            sampling=front.sampling,
        )
        prompt.path = path
        prompt._check_syntax(path, parts)
        return prompt

    @property
    def digest(self) -> str:
        """SHA-256 of the template's text."""
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def sampling_digest(self) -> str:
        """SHA-256 of how the model is to pick its words."""
        return hashlib.sha256(self.sampling.model_dump_json().encode()).hexdigest()

    @property
    def version_digest(self) -> str:
        """SHA-256 of the template's text and of the sampling: what datasets tell a version by."""
        said = [self.body, self.sampling.model_dump(mode="json")]
        return hashlib.sha256(to_json(said)).hexdigest()

    def render(self, inputs: Mapping[str, object] | None = None) -> str:
        """Fill the template in.

        Raises:
            ConfigError: An input is missing, unknown or used in a way the sandbox forbids.
        """
        given = dict(inputs or {})
        if (self.inputs or self._verbatim) and set(given) != set(self.inputs):
            takes = f"the inputs {sorted(self.inputs)}" if self.inputs else "no inputs"
            raise ConfigError(f"prompt {self.name!r} takes {takes}, was given {sorted(given)}")
        if self._verbatim:
            return self.body
        from jinja2 import TemplateError

        try:
            return _template(self.body).render(given).strip()
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(f"prompt {self.name!r} cannot be rendered: {error}") from error

    def _check_syntax(self, path: Path, parts: Parts) -> None:
        if self._verbatim:
            return
        from jinja2 import TemplateSyntaxError

        try:
            _environment().parse(self.body)
        except TemplateSyntaxError as error:
            line = parts.body_line + error.lineno - 1
            raise ConfigError(f"prompt file {str(path)!r}, line {line}: {error.message}") from error


@lru_cache(maxsize=256)
def _template(body: str) -> "Template":
    """Compile a template once, however often it is filled in."""
    return _environment().from_string(body)


@cache
def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(  # the words go to a model, not into a page
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
