"""The clerk: answers what is asked about furniture, finds what is wanted, and orders it if the customer does.

Its words are the answer: what was found, what is still to be said, the confirmation, or why nothing was ordered. A
small model makes up an address or a SKU that it lacks, leaves out one that was said, and takes an order for a
question. So fields that nobody has said are empty, SKUs are those that the customer names, and who is offered
pieces and says where they shall go orders just these.
"""

import re
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json

from apps.storefront.forms import by_form, why_not
from apps.storefront.said import WHERETO, Said, even, names, names_any, stands_in
from apps.storefront.tasks import SaleTask
from apps.storefront.tools.fields import Choice, Reservation
from mainspring.core import JsonObject
from mainspring.models.routine import Routine, Step, call
from mainspring.tools import AnyTool

_WANTED: Final = ("wanted", "stands", "terrace_city", "max_total_euro", "skus", "look")
_OFFER: Final = "without delivery"
"""Stands in what a customer is told of furniture that was found."""
_OFFERED: Final = re.compile(r"\b\d+ x [A-Z0-9]+-[A-Z0-9-]+")
_SKU: Final = re.compile(r"\b[A-Z]{3}-\d{3}\b")
_ORDERS: Final = re.compile(r"\b(order|buy|purchase|send|deliver|ship|take)\b", re.IGNORECASE)
"""Words of a question by which somebody may order all the same."""


def clerk(name: str, find: AnyTool, reserve: AnyTool, place: AnyTool, stylist: AnyTool) -> AnyTool:
    """Make the clerk.

    What is reserved is placed at the total that it was reserved at, so that a human who is asked between the two
    says yes to just what is ordered.

    Args:
        name: What its runs go by; the clerks of two customers are two.
        find: Finds furniture.
        reserve: Reserves for a customer.
        place: Places what is reserved.
        stylist: Answers questions about pieces.
    """

    def routine(task: str) -> Routine:
        asked: JsonObject = from_json(task)
        if asked["question"]:
            (told,) = yield Step((call(stylist.name, skus=asked["skus"], question=asked["question"]),))
            return told.text
        wanted = {field: asked[field] for field in _WANTED}
        (found,) = yield Step((call(find.name, **wanted, which="best match"),))
        if found.is_error:
            return f"Nothing was found: {found.text}"
        choice = Choice.model_validate_json(found.text)
        if asked["customer"] == "asks" or not choice.items:
            return choice.says
        if asked["skus_made_up"]:
            return f"{choice.says} Nothing is ordered; to order them, please say their SKUs."
        missing = [field.replace("_", " ") for field in WHERETO if not asked[field]]
        if missing:
            return f"{choice.says} To order, please say where it shall go to; not known yet: {', '.join(missing)}."
        return (yield from _ordered(choice, asked))

    def _ordered(choice: Choice, asked: JsonObject) -> Routine:
        whereto = {field: asked[field] for field in (*WHERETO, "day", "max_total_euro")}
        (held,) = yield Step((call(reserve.name, items=[item.model_dump() for item in choice.items], **whereto),))
        if held.is_error:
            return f"Nothing was ordered: {held.text}"
        order = Reservation.model_validate_json(held.text)
        (placed,) = yield Step((call(place.name, order=order.order, total=order.total),))
        if not placed.is_error:
            return placed.text
        return f"Order {order.order} of {order.total} is not placed: {why_not(placed)}"

    return by_form(
        "clerk",
        name,
        SaleTask,
        routine=routine,
        hearing=_heard,
        tools=[find, reserve, place, stylist],
        description="Answers what is asked about furniture, finds it and orders it; its words are the answer.",
    )


def _heard(form: JsonObject, said: Said) -> JsonObject:
    """Give a form as far as it was said: pieces of the last offer, too, and what the stylist is asked."""
    form = said.completed(form)
    form["skus"] = form["skus"] or ", ".join(_SKU.findall(said.last))
    heard = {**form, **dict.fromkeys(said.unsaid(form, (*WHERETO, "terrace_city")), "")}
    heard["wanted"] = _wishes_said(form, said)
    heard["customer"] = customer = _wants(heard, said)
    skus = str(form["skus"])
    is_known = all(stands_in(said.by_anybody, sku) for sku in skus.replace(",", " ").split())
    offered = _offered(heard, said) if customer == "orders" and not (skus and is_known) else ""
    heard["skus"] = offered or (skus if is_known else "")
    heard["skus_made_up"] = not is_known and not offered
    is_question = customer == "asks" and "?" in said.last and bool(heard["skus"])
    heard["question"] = said.last if is_question else ""
    return heard


def _wants(heard: JsonObject, said: Said) -> str:
    """Tell whether a customer asks or orders; a form that says otherwise than plain words is not followed."""
    is_question, last = "?" in said.last, even(said.last)
    is_whereto = all(heard[field] and stands_in(last, str(heard[field])) for field in WHERETO)
    if _OFFER in said.answer and is_whereto and not is_question:
        return "orders"
    if is_question and not any(heard[field] for field in WHERETO) and not _ORDERS.search(last):
        return "asks"
    return str(heard["customer"])


def _offered(heard: JsonObject, said: Said) -> str:
    """Give the pieces that were offered last, with their numbers; none where the customer names furniture anew."""
    last = even(said.last)
    for field in WHERETO:
        last = last.replace(even(str(heard[field])), " ") if heard[field] else last
    if _OFFER not in said.answer or names_any(last):
        return ""
    return ", ".join(dict.fromkeys(_OFFERED.findall(said.answer)))


def _wishes_said(form: JsonObject, said: Said) -> JsonValue:
    """Give the wishes whose kinds of furniture the customer has named; all of them where none is, or SKUs are."""
    wanted = form["wanted"]
    wishes = [wish for wish in wanted if isinstance(wish, dict)] if isinstance(wanted, list) else []
    named = [wish for wish in wishes if names(str(wish.get("kind")), said.by_customer)]
    return [*named] if named and not form["skus"] else wanted
