"""How long a context a model file can be served with: what it was trained for, stretched as the settings say.

What it keeps true: more context than llama.cpp will serve is an error, never quietly a shorter one.

llama.cpp serves no slot beyond what it holds for the model's window, whatever it was asked for, and says so only in
its log. It raises that window for YaRN alone, to `original x factor` (its pull request 28030), and reads the
original in this order: as it is told, `rope.scaling.original_context_length`, `context_length`.
"""

import math

from mainspring.core.errors import ConfigError
from mainspring.models.local.header import Header
from mainspring.models.local.settings import LocalSettings


def most_tokens(header: Header, settings: LocalSettings) -> int | None:
    """Tell how many tokens a slot can have; None where the file does not say."""
    original = settings.rope_original_tokens or header.trained_tokens
    if settings.rope_scaling == "none" or original is None:
        return header.context_tokens
    return int(original * settings.rope_factor)


def slot_tokens(header: Header, settings: LocalSettings) -> int:
    """Give the tokens of context that each slot gets: those wanted, or all there are where nobody said a number.

    Raises:
        ConfigError: More are wanted than there are.
    """
    most = most_tokens(header, settings)
    wanted = settings.context_tokens
    if most is None or wanted <= most:
        return wanted
    if "context_tokens" not in settings.model_fields_set:
        return most
    raise ConfigError(f"context_tokens = {wanted} is more than {_remedy(header, settings, most)}")


def _remedy(header: Header, settings: LocalSettings, most: int) -> str:
    original = settings.rope_original_tokens or header.trained_tokens or most
    factor = least_factor(wanted_tokens=settings.context_tokens, original_tokens=original)
    if settings.rope_scaling == "none":
        return (
            f"the {most} that the model was trained for, and llama.cpp would cut it to that; write "
            f"context_tokens = {most}, or stretch it: rope_scaling = 'yarn', rope_factor = {factor:g}"
        )
    return (
        f"the {most} that rope_factor = {settings.rope_factor:g} makes of {original}, and llama.cpp would cut it "
        f"to that; write context_tokens = {most}, or rope_factor = {factor:g}"
    )


def least_factor(*, wanted_tokens: int, original_tokens: int) -> float:
    """Give the smallest RoPE factor that reaches a context, rounded up to quarters."""
    return math.ceil(4 * wanted_tokens / original_tokens) / 4


def needless(header: Header, settings: LocalSettings) -> str | None:
    """Say that the settings stretch further than their context needs; None where they do not."""
    original = settings.rope_original_tokens or header.trained_tokens
    if settings.rope_scaling == "none" or original is None:
        return None
    if settings.context_tokens <= original:
        return f"{settings.context_tokens:,} tokens need no RoPE scaling, and it costs quality on every text"
    factor = least_factor(wanted_tokens=settings.context_tokens, original_tokens=original)
    if settings.rope_factor <= factor:
        return None
    return (
        f"rope_factor = {factor:g} reaches {settings.context_tokens:,} tokens; "
        f"{settings.rope_factor:g} costs quality on every text"
    )
