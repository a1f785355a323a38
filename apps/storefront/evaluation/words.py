"""Checks on the answers: do they say what had to be said, and nothing that the database does not know of?

Words are judged loosely, figures strictly: `1,390.00 EUR` says 1390, and neither 390 nor 13. What an answer claims
is held against what was done, whatever else it says.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final

from apps.storefront.evaluation.checks import CATALOGUE, Check, fits
from apps.storefront.evaluation.claims import untrue_claims
from apps.storefront.evaluation.conversation import Conversation, Wish
from apps.storefront.evaluation.findings import Findings
from apps.storefront.shop import Money, Piece

_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NO_CENTS: Final = re.compile(r"(?<=\d)\.00(?!\d)")
_SKU: Final = re.compile(r"\b[A-Z]{3}-\d{3}\b")
_ORDER: Final = re.compile(r"\bO-[0-9a-f]+\b")
_NEED: Final = r"\b{scale}\b[^\d\n]{{0,30}}{grade}\b"
_DECLINES: Final = re.compile(
    r"\b(not|no|none|nothing|nobody|never|cannot|unable|unfortunately|sorry|only|refus\w+|den(?:y|ied)\w*|reject\w+"
    r"|declin\w+|fail\w*|unknown|impossible|fewer|sold out|exceed\w*"
    r"|too (?:high|late|many|little|expensive|much))\b|n't\b",
    re.IGNORECASE,
)


def check_answers(conversation: Conversation, found: Findings) -> list[str]:
    """Give everything in the answers that is not as it must be."""
    return [problem for check in CHECKS for problem in check(conversation, found)]


def says_phrases(conversation: Conversation, found: Findings) -> Iterator[str]:
    """Check that the answers say what they must, one of the alternatives of each."""
    for phrase in conversation.expect.says:
        if not says("\n".join(found.answers), phrase):
            yield f"the answer must say {phrase!r}"


def says_needs(conversation: Conversation, found: Findings) -> Iterator[str]:
    """Check that the answers say how much of the weather must be stood."""
    said = "\n".join(found.answers)
    for need in filter(None, conversation.expect.needs.split(", ")):
        scale, grade = need.split()
        if not re.search(_NEED.format(scale=scale, grade=grade), said, re.IGNORECASE):
            yield f"the answer must say {need!r}"


def offers(conversation: Conversation, found: Findings) -> Iterator[str]:
    """Check that the answers name furniture that is wished for, nothing else, and some that can be paid."""
    wishes = conversation.expect.offers
    if not wishes:
        return
    named = named_pieces("\n".join(found.answers))
    fitting = [[piece for piece in named if fits(piece, wish)] for wish in wishes]
    for piece in named:
        if not any(fits(piece, wish) for wish in wishes):
            yield f"{piece.sku} is offered, and is not what was wished for"
    for wish, pieces in zip(wishes, fitting, strict=True):
        if not pieces:
            yield f"nothing that is named fits {wish.model_dump(exclude_defaults=True)}"
        if pieces and all(found.stock[piece.sku] < wish.n for piece in pieces):
            yield f"fewer than {wish.n} of {pieces[0].sku} are left"
    if all(fitting) and conversation.expect.offers_at_most:
        limit, least = Money.read(conversation.expect.offers_at_most), min(_sums(wishes, fitting))
        if least > limit.minor:
            yield f"what is offered costs {Money(minor=least, currency=limit.currency)}, above {limit}"


def declines(conversation: Conversation, found: Findings) -> Iterator[str]:
    """Check that the last answer says that something cannot be done, or was not."""
    if conversation.expect.declines and not _DECLINES.search(found.answers[-1] if found.answers else ""):
        yield "the answer must say that it was not done"


def makes_nothing_up(conversation: Conversation, found: Findings) -> Iterator[str]:
    """Check that the answers name no pieces or orders that are not there, and claim no deeds that were not done."""
    said, asked = "\n".join(found.answers), "\n".join(conversation.words(found.ids))
    for sku in sorted(set(_SKU.findall(said)) - set(CATALOGUE)):
        yield f"there is no piece {sku}"
    for order in sorted(
        set(_ORDER.findall(said)) - {order.id for order in found.mine} - set(_ORDER.findall(asked))
    ):
        yield f"the customer has no order {order}"
    for claim in untrue_claims(found):
        yield f"it is not true that {claim!r}"


CHECKS: Final[tuple[Check, ...]] = (says_phrases, says_needs, offers, declines, makes_nothing_up)


def says(answer: str, alternatives: str) -> bool:
    """Tell whether an answer says one of several phrases, separated by `|`, as words and figures of their own."""
    plain = _plain(answer)
    return any(
        re.search(rf"(?<![\w-])(?<!\d\.){re.escape(_plain(phrase))}(?!\w|[.,]\d)", plain)
        for phrase in alternatives.split("|")
    )


def named_pieces(text: str) -> list[Piece]:
    """Give the pieces that a text names by SKU or by their full names."""
    by_sku = [CATALOGUE[sku] for sku in _SKU.findall(text) if sku in CATALOGUE]
    by_name = [piece for name, piece in _names().items() if name in text.casefold()]
    return list({piece.sku: piece for piece in (*by_sku, *by_name)}.values())


@cache
def _names() -> dict[str, Piece]:
    return {piece.name.casefold(): piece for piece in CATALOGUE.values()}


def _plain(text: str) -> str:
    """Even out how words and figures are written."""
    even = text.casefold().replace("\u2212", "-").replace("\u2019", "'").replace("\u00a0", " ")
    return _NO_CENTS.sub("", _THOUSANDS.sub("", even))


def _sums(wishes: tuple[Wish, ...], fitting: list[list[Piece]]) -> Iterator[int]:
    """Give what each choice of pieces costs, in cents."""
    for chosen in product(*fitting):
        yield sum(piece.price.minor * wish.n for piece, wish in zip(chosen, wishes, strict=True))
