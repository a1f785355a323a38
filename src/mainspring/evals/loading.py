"""From what a person calls a suite to the suite: a file or a folder of lines, or a name in a Python file.

What a Python file may give under that name: a `Suite`, a function that is given a model and says what came of it,
or a list of such functions. Code of a file runs as it would as a script.
"""

import importlib.util
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from mainspring.core.errors import ConfigError
from mainspring.evals.case import Routine
from mainspring.evals.dataset import Decisions
from mainspring.evals.reading import Files, read_files
from mainspring.evals.suite import Suite

_SHOWN: Final = 5
"""Problems that an error names."""


def load_suite(name: str, decisions: Decisions | None = None) -> Suite:
    """Load a suite.

    Args:
        name: A file of JSON lines, a folder of them or of a dataset, or `FILE.py:NAME`.
        decisions: Which messages of a dataset's rows become cases; as the suite says if not given.

    Raises:
        ConfigError: There is none, or something in it is wrong.
    """
    place, colon, attribute = name.rpartition(":")
    if colon and place.endswith(".py"):
        return _of_python(Path(place).expanduser(), attribute)
    return suite_of(read_files(Path(name).expanduser(), decisions), name)


def suite_of(files: Files, name: str) -> Suite:
    """Make a suite of what was read.

    Raises:
        ConfigError: Something in it is wrong.
    """
    if files.problems:
        shown = "\n".join(files.problems[:_SHOWN])
        n_more = len(files.problems) - _SHOWN
        more = f"\nand {n_more:,} more: mainspring eval check {name}" if n_more > 0 else ""
        raise ConfigError(f"the suite {name!r} has {len(files.problems):,} broken lines\n{shown}{more}")
    return Suite(files.name, tuple(files.cases), tuple(files.controls))


def _of_python(path: Path, attribute: str) -> Suite:
    if not path.is_file():
        raise ConfigError(f"there is no file {str(path)!r}")
    found = getattr(_imported(path.resolve()), attribute, None)
    if isinstance(found, Suite):
        return found
    functions: list[Any] = list(found) if isinstance(found, Sequence) else [found]
    if not functions or not all(inspect.iscoroutinefunction(function) for function in functions):
        raise ConfigError(
            f"{attribute!r} in {str(path)!r} is {type(found).__name__}; "
            "it has to be a Suite, or async functions from a model to an Outcome"
        )
    return Suite(attribute, tuple(Routine(function.__name__, function) for function in functions))


def _imported(path: Path) -> ModuleType:
    name = f"mainspring_suite_{path.stem}"
    for folder in (str(Path.cwd()), str(path.parent)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ConfigError(f"{str(path)!r} cannot be imported")
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
