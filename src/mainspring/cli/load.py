"""From what a person calls an agent to the agent: a folder, a file, a module or a prompt file.

Code of a file runs as it would as a script: its folder and the working directory are on the path, and a file of a
package is imported as part of it. An error in that code is its author's to see, so it keeps its stack trace.
"""

import importlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import JsonValue, WithJsonSchema

from mainspring.agent import Agent
from mainspring.core.errors import ConfigError
from mainspring.prompts import Prompt

_DOTTED = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
_PROMPT = ".prompt.md"


def load_agent(spec: str, *, model: str | None = None, max_steps: int | None = None) -> Agent:
    """Load an agent.

    Args:
        spec: What the person called it.
        model: The name of a model to use instead of its own.
        max_steps: Steps it may take instead of its own number.

    Raises:
        ConfigError: There is none, or more than one, or what is there is wrong.
    """
    agent = _find(spec)
    return agent.replace(model=model, max_steps=max_steps)


def answer_type(agent: Agent) -> type[Any]:
    """Give the type of the agent's answers: words, or JSON of the form that its prompt file asks for."""
    if agent.prompt.output is None:
        return str
    form: Any = Annotated[JsonValue, WithJsonSchema(agent.prompt.output)]
    kind: type[Any] = form
    return kind


def _find(spec: str) -> Agent:
    place, name = _split(spec)
    path = Path(place or os.devnull).expanduser()
    if path.is_dir():
        path /= "agent.py"
        if not path.is_file():
            raise ConfigError(f"the folder {place!r} has no agent.py; name the file that holds the agent")
    if path.is_file():
        if path.name.endswith(_PROMPT) and name is None:
            return _of_prompt(path)
        if path.suffix == ".py":
            return _pick(_import_file(path.resolve()), name, spec)
        raise ConfigError(f"{spec!r} is neither a Python file nor a prompt file (its name ends in {_PROMPT})")
    if name is not None and _DOTTED.match(place):
        return _pick(_import_module(place), name, spec)
    raise ConfigError(
        f"there is no agent {spec!r}; name a folder with an agent.py, a .py file (with :name where it holds "
        f"several), package.module:name, or a file that ends in {_PROMPT}"
    )


def _split(spec: str) -> tuple[str, str | None]:
    """Take `:name` off, unless the whole is a path that exists."""
    place, colon, name = spec.rpartition(":")
    if not colon or not name.isidentifier() or Path(spec).expanduser().exists():
        return spec, None
    return place, name


def _of_prompt(path: Path) -> Agent:
    prompt = Prompt.load(path)
    name = re.sub(r"\W", "_", prompt.name)
    return Agent(name, prompt=prompt)


def _import_module(name: str) -> ModuleType:
    _add_path(Path.cwd())
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(f"there is no module {error.name!r} to be imported from here") from error
        raise


def _import_file(path: Path) -> ModuleType:
    """Run a file as a module; one of a package under its full name, so that its relative imports work."""
    _add_path(Path.cwd())
    parts = [path.stem]
    root = path.parent
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    _add_path(root)
    if len(parts) > 1:
        return importlib.import_module(".".join(parts))
    name = f"mainspring_agent_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ConfigError(f"{str(path)!r} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _add_path(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _pick(module: ModuleType, name: str | None, spec: str) -> Agent:
    agents = {known: value for known, value in vars(module).items() if isinstance(value, Agent)}
    listed = ", ".join(repr(known) for known in agents) or "none"
    if name is not None:
        if name not in agents:
            raise ConfigError(f"{spec!r}: there is no agent called {name!r}; the agents there: {listed}")
        return agents[name]
    if len({id(agent) for agent in agents.values()}) == 1:
        return next(iter(agents.values()))
    if "agent" in agents:
        return agents["agent"]
    if not agents:
        raise ConfigError(f"{spec!r} holds no Agent at its top level; write agent = Agent(...)")
    raise ConfigError(f"{spec!r} holds several agents; write {spec}:NAME with one of {listed}")
