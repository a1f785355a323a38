"""A number, a date, a time or a version in a text, in the forms that it is compared by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a text says in figures, or in the words for them."""

    words: str
    """As it is written."""
    values: frozenset[str]
    """What it is, in normal forms; one of them in the source is enough."""
    unit: str = ""
    also: frozenset[str] = frozenset()
    """What a source that says this says as well: the year of a date."""
    parts: frozenset[str] = frozenset()
    """What says the same if the source has all of it."""
    is_word: bool = False
    """Whether it is written in words."""
