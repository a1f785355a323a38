"""Models as they are given to an agent: by name or as they are, one or several, opened at the first use."""

from collections.abc import Iterable, Sequence

from mainspring.core import Model
from mainspring.core.errors import ConfigError

Models = str | Model | Sequence[str | Model]
"""One model or several, each by name or as it is."""


def listed(given: Models) -> tuple[str | Model, ...]:
    """Give one or several models as several.

    Raises:
        ConfigError: There is none.
    """
    if isinstance(given, str) or not isinstance(given, Sequence):
        return (given,)
    if not given:
        raise ConfigError("the list of models is empty; name at least one")
    return tuple(given)


def opened(models: Iterable[str | Model]) -> tuple[Model, ...]:
    """Open the models that are only names.

    Raises:
        ConfigError: A name leads nowhere, or a key is missing.
    """
    return tuple(map(_opened, models))


def names_of(models: Iterable[str | Model]) -> tuple[str, ...]:
    """Give the names of models; asking for them opens none."""
    return tuple(model if isinstance(model, str) else model.name for model in models)


def _opened(model: str | Model) -> Model:
    if not isinstance(model, str):
        return model
    from mainspring.models import open_model

    return open_model(model)
