"""The desk: looks up the customer's orders, then does what is asked with the one that is meant.

Its words are the answer: what was done, in figures, or why not. What nobody has said is not done: an address, an
amount or a broken piece of nobody is asked for, and an order is cancelled only for one who has spoken of that. Of
two orders that may be meant it asks which.
"""

import re
from collections.abc import Sequence
from typing import Final

from pydantic import JsonValue, TypeAdapter
from pydantic_core import from_json

from apps.storefront.forms import by_form, why_not
from apps.storefront.meant import lines_meant, orders_meant
from apps.storefront.said import WHERETO, Said, even, stands_in
from apps.storefront.shop import Money
from apps.storefront.tasks import ServiceTask
from apps.storefront.tools.fields import Bought, BoughtLine
from mainspring.core import JsonObject
from mainspring.models.routine import Routine, Step, call
from mainspring.tools import AnyTool

DONE: Final = "Done: "
"""What an answer begins with where something was done."""
_WHICH: Final = "Please say which order is meant"
_ORDERS: Final = TypeAdapter(list[Bought])
_CANCELS: Final = re.compile(
    r"\b(cancel\w*|call(ed)? off|no longer|changed my mind|not (want|need)|withdraw|undo|stop|instead|rather)\b"
    r"|n't (want|need)\b",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"\b(money|refund\w*|reimburse\w*|(pay|give)\b.{0,40}\bback)\b", re.IGNORECASE)
_NEWEST: Final = re.compile(r"\b(last|latest|newest|(most )?recent)\b", re.IGNORECASE)


def desk(name: str, tools: Sequence[AnyTool]) -> AnyTool:
    """Make the desk.

    Args:
        name: What its runs go by; the desks of two customers are two.
        tools: `my_orders`, `cancel_order`, `change_address`, `report_damage` and `refund_order`.
    """
    return by_form(
        "desk",
        name,
        ServiceTask,
        routine=_routine,
        hearing=_heard,
        tools=tools,
        description="Looks after orders that there are; its words are the answer to the customer.",
    )


def _routine(task: str) -> Routine:
    asked: JsonObject = from_json(task)
    (listed,) = yield Step((call("my_orders"),))
    if listed.is_error:
        return f"Your orders cannot be looked up: {listed.text}"
    orders = _ORDERS.validate_json(listed.text)
    found = orders_meant(orders, asked)
    if asked["wish"] == "tell" or len(found) != 1:
        return _told(orders, found, asked)
    return (yield from _done(found[0], asked))


def _told(orders: Sequence[Bought], found: Sequence[Bought], asked: JsonObject) -> str:
    """Tell the orders that were found, or ask which is meant."""
    if not found and asked["order"]:
        return f"You have no order {asked['order']}."
    if not found:
        return f"You have no such order{':' if orders else ''}{_lines(orders)}."
    if asked["wish"] != "tell":
        return f"{_WHICH}:{_lines(found)}."
    return f"{_lines(found).strip()}."


def _done(order: Bought, asked: JsonObject) -> Routine:
    """Do what is asked with an order."""
    match asked["wish"]:
        case "cancel":
            return (yield from _cancelled(order, asked))
        case "send elsewhere":
            return (yield from _sent_elsewhere(order, asked))
        case "report broken":
            return (yield from _reported(order, asked))
        case _:
            return (yield from _paid_back(order, asked))


def _cancelled(order: Bought, asked: JsonObject) -> Routine:
    if not asked["says_cancel"]:
        return f"{order.says}. If it is to be cancelled, please say so."
    (done,) = yield Step((call("cancel_order", order=order.order, why=asked["why"]),))
    if done.is_error:
        return f"Order {order.order} is not cancelled: {why_not(done)}"
    return f"{DONE}{done.text.removeprefix('Done. ')}. What was paid is given back."


def _sent_elsewhere(order: Bought, asked: JsonObject) -> Routine:
    whereto = {**{field: asked[field] for field in WHERETO}, "name": asked["name"] or order.name}
    missing = [field.replace("_", " ") for field, value in whereto.items() if not value]
    if missing:
        return f"To send order {order.order} elsewhere, please say where to; not known yet: {', '.join(missing)}."
    (done,) = yield Step((call("change_address", order=order.order, **whereto),))
    if done.is_error:
        return f"Order {order.order} does not go elsewhere: {why_not(done)}"
    return f"{DONE}{done.text.removeprefix('Done. ')}."


def _reported(order: Bought, asked: JsonObject) -> Routine:
    line = _line(order, asked)
    if line is None:
        return f"Please say which piece of order {order.order} is meant: {order.says}."
    if not asked["broken"]:
        return f"Please say what is broken of {line.sku} of order {order.order}."
    number = _number(line, asked)
    report = call(
        "report_damage", order=order.order, sku=line.sku, number=number, what_is_broken=str(asked["broken"])
    )
    (noted,) = yield Step((report,))
    if noted.is_error:
        return f"The damage is not noted: {why_not(noted)}"
    return f"{DONE}{number} x {line.sku} of order {order.order} is noted as broken ({asked['broken']})."


def _paid_back(order: Bought, asked: JsonObject) -> Routine:
    """Give money back: what the customer names, or the price of the pieces; a broken piece is noted first."""
    line, noted = _line(order, asked), ""
    if line is not None and asked["broken"] and line.broken < _number(line, asked):
        noted = str((yield from _reported(order, asked)))
        if not noted.startswith(DONE):
            return noted
    amount = _amount(order, line, asked)
    if not amount:
        return f"Please say how much of order {order.order} is to be given back, or for which piece: {order.says}."
    refund = call("refund_order", order=order.order, amount_back=amount, why=asked["broken"] or asked["why"])
    (given,) = yield Step((refund,))
    if given.is_error:
        first = f"{noted.removeprefix(DONE)} " if noted else ""
        return f"{first}No money of order {order.order} is given back: {why_not(given)}"
    return f"{noted or DONE}{' ' if noted else ''}{amount} of order {order.order} is given back."


def _line(order: Bought, asked: JsonObject) -> BoughtLine | None:
    """Give the piece of an order that is meant; None where that is not plain, as where the order has several."""
    found = lines_meant(order, str(asked["piece"])) or order.lines
    return found[0] if len(found) == 1 else None


def _number(line: BoughtLine, asked: JsonObject) -> int:
    """Give how many pieces are meant, which are no more than were ordered."""
    return min(int(str(asked["number"])), line.number)


def _amount(order: Bought, line: BoughtLine | None, asked: JsonObject) -> str:
    """Give the amount that is to be given back; empty where nobody has said one, or a piece."""
    currency = Money.read(order.lines[0].price).currency
    if asked["amount_euro"]:
        return str(Money.read(f"{float(str(asked['amount_euro'])):.2f} {currency}"))
    if line is None or not (asked["piece"] or asked["broken"]):
        return ""
    return str(Money.read(line.price) * _number(line, asked))


def _lines(orders: Sequence[Bought]) -> str:
    return "".join(f"\n{order.says}" for order in orders)


def _heard(form: JsonObject, said: Said) -> JsonObject:
    """Give a form as far as it was said, with what the customer says of the order in other words."""
    form = said.completed(form)
    heard = {**form, **dict.fromkeys(said.unsaid(form), "")}
    words = " ".join(said.customer[-2:]) if said.answer.startswith(_WHICH) else said.last
    heard["order"] = form["order"] if stands_in(said.by_anybody, str(form["order"])) else ""
    heard["piece"] = form["piece"] if _is_named(str(form["piece"]), said) else ""
    heard["broken"] = form["broken"] if said.speaks_of(form["broken"]) else ""
    heard["amount_euro"] = _amount_said(str(form["amount_euro"]), said)
    heard["why"] = form["why"] or "the customer asked for it"
    heard["wish"] = _wish(heard, words)
    return {
        **heard,
        "says_cancel": bool(_CANCELS.search(words)),
        "newest": bool(_NEWEST.search(words)),
        "told": said.answer,
    }


def _wish(heard: JsonObject, words: str) -> JsonValue:
    """Give what is wanted; a form that leaves out damage or money that was plainly said is not followed."""
    if heard["wish"] in {"tell", "report broken"} and _MONEY.search(words):
        return "money back"
    return "report broken" if heard["wish"] == "tell" and heard["broken"] else heard["wish"]


def _is_named(piece: str, said: Said) -> bool:
    """Tell whether a word of a piece, or its SKU, was said by anybody."""
    return any(stands_in(said.by_anybody, even(word)) for word in piece.split())


def _amount_said(amount: str, said: Said) -> str:
    """Give an amount that the customer has named in figures; empty if it is another."""
    named = {float(figure.replace(",", "")) for figure in re.findall(r"\d[\d,]*(?:\.\d+)?", said.by_customer)}
    return amount if amount and float(amount) in named else ""
