"""After an order: where it is, cancelling it, sending it elsewhere, and pieces that came broken.

Money given back and addresses changed wait for a human, always.
"""

from typing import Annotated

from pydantic import Field

from apps.storefront.shop import Address, Order, Shop
from apps.storefront.tools.fields import Bought, BoughtLine, Sku
from apps.storefront.tools.ordering import Amount, Line, OrderId, PostalCode, amount, is_theirs
from apps.storefront.tools.words import order_line
from mainspring import idempotency_key, tool
from mainspring.core import JsonObject
from mainspring.tools import AnyTool, Approval, as_tool

_MOST_CHARS = 100_000
Words = Annotated[str, Field(min_length=1, max_length=500)]


def service_tools(shop: Shop, customer: str) -> tuple[AnyTool, ...]:
    """Make the tools that look after a customer's orders."""

    def asked(what: str, arguments: JsonObject) -> str:
        order = shop.order_status(customer, str(arguments["order"]))
        return f"{what} Order of {customer}: {order_line(order)}"

    @tool(effect="none", trusted=True, max_result_chars=_MOST_CHARS)
    def my_orders() -> list[Bought]:
        """The customer's latest orders, the newest first: number, state, pieces, total, address, day."""
        return [_bought(shop, order) for order in shop.orders(customer)]

    @tool(effect="destroy", authority=["order"], trusted=True, in_doubt="retry")
    def cancel_order(order: OrderId, why: Words) -> str:
        """Cancel an order that was not shipped; what was paid is given back."""
        return f"Done. {order_line(shop.cancel(customer, order, why=why, key=idempotency_key()))}"

    @tool(
        effect="write",
        trusted=True,
        in_doubt="retry",
        approval=Approval(
            when=is_theirs(shop, customer),
            question=lambda given: asked(
                f"May it go to {given['name']}, {given['street']}, {given['postal_code']} {given['city']} instead?",
                given,
            ),
        ),
    )
    def change_address(order: OrderId, name: Line, street: Line, postal_code: PostalCode, city: Line) -> str:
        """Send an order that was not shipped to another address."""
        address = Address(name=name, street=street, postal_code=postal_code, city=city)
        slot = _slot_there(shop, customer, order, postal_code)
        changed = shop.change_address(customer, order, address, slot=slot, key=idempotency_key())
        return f"Done. {order_line(changed)}"

    @tool(effect="write", authority=["order", "sku", "number"], trusted=True, in_doubt="retry")
    def report_damage(
        order: OrderId, sku: Sku, number: Annotated[int, Field(ge=1, le=99)], what_is_broken: Words
    ) -> str:
        """Note that pieces of an order that has arrived are broken; gives no money back by itself."""
        claim = shop.report_damage(customer, order, sku, number, what_is_broken, key=idempotency_key())
        return (
            f"Damage {claim.id} is noted: {claim.n} x {claim.sku} of order {claim.order}. "
            f"To give the money back: refund_order with order {claim.order} and amount {claim.at_most}"
        )

    @tool(
        effect="money",
        authority=["order", "amount_back"],
        trusted=True,
        in_doubt="retry",
        approval=Approval(
            when=is_theirs(shop, customer),
            question=lambda given: asked(f"May {given['amount_back']} be given back ({given['why']})?", given),
        ),
    )
    def refund_order(order: OrderId, amount_back: Amount, why: Words) -> str:
        """Give back money of an order that has arrived, for example for a broken piece."""
        given = shop.refund(customer, order, amount(amount_back), why=why, key=idempotency_key())
        return f"Done: {given.amount} of order {given.order} is given back ({given.state})."

    return tuple(as_tool(one) for one in (my_orders, cancel_order, change_address, report_damage, refund_order))


def _bought(shop: Shop, order: Order) -> Bought:
    """Give an order in fields, with what of it was reported as broken."""
    broken: dict[str, int] = {}
    for claim in order.claims:
        broken[claim.sku] = broken.get(claim.sku, 0) + claim.n
    parts = [
        BoughtLine(
            sku=line.sku,
            kind=shop.piece(line.sku).kind,
            name=line.name,
            number=line.n,
            price=str(line.price),
            broken=broken.get(line.sku, 0),
        )
        for line in order.lines
    ]
    name = order.address.name if order.address else ""
    return Bought(order=order.id, state=order.state, name=name, lines=parts, says=order_line(order))


def _slot_there(shop: Shop, customer: str, order: str, postal_code: str) -> str | None:
    """Give the first slot of another delivery area; None where the order's own serves the postal code as well."""
    offered = shop.delivery_slots(postal_code)
    area = (shop.order_status(customer, order).slot or "").split("/")[0]
    return None if not offered or offered[0].id.split("/")[0] == area else offered[0].id
