"""The confirmation of an order, as the text a customer is sent."""

from apps.storefront.shop.bills import Order
from apps.storefront.shop.errors import WrongState
from apps.storefront.shop.terms import Terms

_CONFIRMED = frozenset({"placed", "shipped", "delivered"})


def confirmation(terms: Terms, order: Order) -> str:
    """Write the confirmation of a placed order.

    Raises:
        WrongState: It was not placed, or was cancelled.
    """
    if order.state not in _CONFIRMED:
        raise WrongState(f"order {order.id!r} is {order.state}; only a placed one is confirmed")
    placed = next(move.at for move in order.history if move.state == "placed")
    rows = [(f"{line.n} × {line.name} ({line.sku}) at {line.price}", line.price * line.n) for line in order.lines]
    rows += [("Delivery", order.delivery_fee), ("Total", order.total)]
    width = max(len(words) for words, _ in rows)
    amounts = max(len(str(amount)) for _, amount in rows)
    said = [f"{words:<{width}}  {amount!s:>{amounts}}" for words, amount in rows]
    said += [f"  of which {tax.rate_bp / 100:g} % tax: {tax.tax}" for tax in order.taxes]
    if order.refunded.minor:
        said.append(f"  given back: {order.refunded}")
    _, day, window = (order.slot or "//").split("/")
    first, last = window.split("-")
    return "\n".join(
        [
            f"{terms.name}: order {order.id}",
            f"Placed on {placed:%Y-%m-%d at %H:%M} UTC",
            "",
            *said,
            "",
            f"Delivered on {day} between {first}:00 and {last}:00 to:",
            str(order.address),
            "",
        ]
    )
