"""One prompt file, read, checked and rendered."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mainspring.core import JsonObject, Sampling
from mainspring.core.errors import ConfigError

if TYPE_CHECKING:
    from jinja2 import Environment

_FENCE = "---"


class _FrontMatter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    description: str = ""
    version: int | str = 1
    model: str | None = None
    inputs: Mapping[str, str] = {}
    output: JsonObject | None = None
    sampling: Sampling = Sampling()


class Prompt:
    """A template for words that a model is told.

    Args:
        body: Jinja template text.
        name: What it is called in records.
        description: What it is for, in words that another agent can read.
        version: Its author's version.
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
        self.model = model
        self.inputs = dict(inputs or {})
        self.output = output
        self.sampling = sampling or Sampling()
        self._verbatim = verbatim or "{" not in body

    @classmethod
    def load(cls, path: str | Path) -> "Prompt":
        """Read a prompt file.

        Raises:
            ConfigError: The file is missing, its front matter is wrong, or its template does not parse.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"prompt file {str(path)!r} cannot be read: {error}") from error
        front, body = _split(text, path)
        prompt = cls(
            body.strip(),
            name=front.name or path.name.removesuffix(".md").removesuffix(".prompt"),
            description=front.description,
            version=front.version,
            model=front.model,
            inputs=front.inputs,
            output=front.output,
            sampling=front.sampling,
        )
        prompt._check_syntax(path)
        return prompt

    @property
    def digest(self) -> str:
        """SHA-256 of the template's text."""
        return hashlib.sha256(self.body.encode()).hexdigest()

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
            return _environment().from_string(self.body).render(given).strip()
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(f"prompt {self.name!r} cannot be rendered: {error}") from error

    def _check_syntax(self, path: Path) -> None:
        if self._verbatim:
            return
        from jinja2 import TemplateSyntaxError

        try:
            _environment().parse(self.body)
        except TemplateSyntaxError as error:
            raise ConfigError(
                f"prompt file {str(path)!r}, line {error.lineno} of the body: {error.message}"
            ) from error


@cache
def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(  # the words go to a model, not into a page
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )


def _split(text: str, path: Path) -> tuple[_FrontMatter, str]:
    """Take the front matter off a prompt file's text."""
    if not text.startswith(f"{_FENCE}\n"):
        return _FrontMatter(), text
    head, fence, body = f"{text}\n".removeprefix(_FENCE).partition(f"\n{_FENCE}\n")
    if not fence:
        raise ConfigError(
            f"prompt file {str(path)!r}: the front matter is not closed; put a line {_FENCE!r} behind it"
        )
    import yaml

    try:
        fields: Any = yaml.safe_load(head) or {}
        return _FrontMatter.model_validate(fields), body
    except yaml.YAMLError as error:
        raise ConfigError(f"prompt file {str(path)!r}: the front matter is not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ConfigError(f"prompt file {str(path)!r}: the front matter is wrong: {problems}") from error
