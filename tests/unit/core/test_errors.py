import pickle

import pytest

from mainspring.core import errors
from mainspring.core.errors import (
    ConfigError,
    DownloadError,
    EventVersionError,
    MainspringError,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    RunError,
    ToolError,
)

EVERY_ERROR = [
    found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, MainspringError)
]


@pytest.mark.parametrize("error", EVERY_ERROR)
def test_an_error_keeps_its_type_and_its_words_when_pickled(error: type[MainspringError]) -> None:
    given = error("it broke; mend it")
    copy = pickle.loads(pickle.dumps(given))  # noqa: S301 - our own bytes
    assert type(copy) is error
    assert str(copy) == str(given) == "it broke; mend it"
    assert copy.args == given.args


@pytest.mark.parametrize("wait_s", [None, 0.0, 2.5])
def test_an_unavailable_model_keeps_how_long_to_wait_when_pickled(wait_s: float | None) -> None:
    copy = pickle.loads(pickle.dumps(ModelUnavailable("busy", retry_after_s=wait_s)))  # noqa: S301 - our own bytes
    assert copy.retry_after_s == wait_s
    assert str(copy) == "busy"


@pytest.mark.parametrize(
    ("error", "standard"),
    [
        (ConfigError, ValueError),
        (ModelError, RuntimeError),
        (ModelTimeout, TimeoutError),
        (ToolError, RuntimeError),
        (DownloadError, OSError),
        (RunError, RuntimeError),
        (EventVersionError, ValueError),
    ],
)
def test_an_error_is_caught_as_the_fitting_standard_type_too(
    error: type[MainspringError], standard: type[Exception]
) -> None:
    assert issubclass(error, standard)
    assert issubclass(error, MainspringError)
