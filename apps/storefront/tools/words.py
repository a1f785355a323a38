"""Orders in the words that agents and humans read."""

from apps.storefront.shop import Order, Slot

_STATES = {
    "open": "begun, not ordered",
    "reserved": "reserved, not ordered yet",
    "authorised": "being placed",
    "placed": "placed, not shipped yet",
    "shipped": "shipped, on its way",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "expired": "never placed, expired",
}


def order_line(order: Order) -> str:
    """Say an order in a line: pieces, total, where it is and where it goes."""
    pieces = " + ".join(f"{line.n} x {line.sku} ({line.name}, {line.price} each)" for line in order.lines)
    delivery = f" + delivery {order.delivery_fee}" if order.delivery_fee.minor else ""
    whereto = f", to {order.address}" if order.address else ""
    when = f" on {order.slot.split('/')[1]}" if order.slot else ""
    back = f", {order.refunded} given back" if order.refunded.minor else ""
    return f"{order.id}, {_STATES[order.state]}: {pieces}{delivery} = total {order.total}{whereto}{when}{back}"


def slot_words(slot: Slot) -> str:
    """Say when a delivery is."""
    first, last = slot.window.split("-")
    return f"on {slot.day:%A} {slot.day} between {first}:00 and {last}:00"
