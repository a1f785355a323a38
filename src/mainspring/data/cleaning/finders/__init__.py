"""What finds personal data and secrets in a text: a function for each kind, from a text to places in it.

A finder gives start and end of each thing it is sure of: a checksum, a form that nothing else has, or a word before
it. What merely looks like one (version numbers, dates, amounts, ISBNs) is left alone.
"""

from collections.abc import Callable, Iterator

from mainspring.data.cleaning.finders.accounts import cards, ibans
from mainspring.data.cleaning.finders.addresses import emails, ip_addresses
from mainspring.data.cleaning.finders.national import national_ids, ssns
from mainspring.data.cleaning.finders.phones import phones
from mainspring.data.cleaning.finders.secrets import secrets

Place = tuple[int, int]
"""Start, and end behind the last character."""
Finder = Callable[[str], Iterator[Place]]

__all__ = [
    "Finder",
    "Place",
    "cards",
    "emails",
    "ibans",
    "ip_addresses",
    "national_ids",
    "phones",
    "secrets",
    "ssns",
]
