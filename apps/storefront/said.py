"""What was said: a sale's fields are held against the conversation, because a small model makes some up."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from apps.storefront.shop.catalogue import Kind
from mainspring.core import JsonObject, Message

WHERETO: Final = ("name", "street", "postal_code", "city")
"""Fields that only the customer can know."""
_CALLED: Final[Mapping[Kind, str]] = {
    "chair": "chair|stool|seat",
    "table": "table|desk",
    "bench": "bench",
    "lounger": "lounger|sunbed|deckchair",
    "sofa": "sofa|couch|settee",
    "shelf": "shelf|shelves|shelving|bookcase",
    "storage": "storage|cabinet|chest|sideboard|wardrobe|box",
    "lamp": "lamp|light",
    "rug": "rug|carpet|mat",
    "planter": "planter|pot",
    "cushion": "cushion|pillow",
}
"""How customers call kinds of furniture."""


def unsaid(sale: JsonObject, said: Sequence[Message]) -> list[str]:
    """Give the fields that nobody has said: SKUs may stand in earlier answers too, an address may not."""
    by_customer, by_anybody = _heard(said, but="assistant"), _heard(said)
    skus = str(sale["skus"]).replace(",", " ").split()
    missing = [] if all(_even(sku) in by_anybody for sku in skus) else ["skus"]
    return missing + [name for name in WHERETO if not _stands_in(by_customer, _even(str(sale[name])))]


def wishes_said(sale: JsonObject, said: Sequence[Message]) -> JsonValue:
    """Give the wishes whose kinds of furniture the customer has named; all of them where none is, or SKUs are."""
    wanted, heard = sale["wanted"], _heard(said, but="assistant")
    wishes = [wish for wish in wanted if isinstance(wish, dict)] if isinstance(wanted, list) else []
    named = [wish for wish in wishes if _is_named(str(wish.get("kind")), heard)]
    return [*named] if named and not sale["skus"] else wanted


def _is_named(kind: str, heard: str) -> bool:
    words = next((words for one, words in _CALLED.items() if one == kind), re.escape(kind))
    return re.search(rf"\b({words})", heard) is not None


def _stands_in(heard: str, value: str) -> bool:
    """Tell whether a value was said, and not cut off before its number."""
    cut = "" if any(char.isdigit() for char in value) else r"(?! ?\d)"
    return re.search(re.escape(value) + cut, heard) is not None


def _heard(said: Sequence[Message], but: str = "") -> str:
    told = [message.text for message in said if message.role not in {"system", but} and not message.calls]
    return _even(" ".join(told))


def _even(text: str) -> str:
    return " ".join(text.casefold().split())
