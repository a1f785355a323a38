"""Ordering: what is wanted is reserved first, with its delivery and the total; then it is placed at that total.

Between the two the customer can say no, and an order above the shop's limit waits for a human. The confirmation of
an order is the answer to the customer: nothing is done after it that the customer has not asked for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

from apps.storefront.shop import Address, Money, Order, Shop, Slot
from apps.storefront.shop.errors import DeliveryError, Unknown, WrongInput
from apps.storefront.tools.fields import Euro, Item, Reservation
from apps.storefront.tools.styling import budget
from apps.storefront.tools.words import order_line, slot_words
from mainspring import idempotency_key, tool
from mainspring.core import JsonObject
from mainspring.tools import AnyTool, Approval, as_tool

OrderId = Annotated[str, Field(pattern=r"^O-[0-9a-f]{12}$", description="copied from a result")]
Amount = Annotated[str, Field(max_length=24, description="copied, with its currency")]
Line = Annotated[str, Field(min_length=1, max_length=200)]
PostalCode = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9 -]{2,9}$")]
Day = Annotated[
    Literal["earliest", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    Field(description="of delivery; earliest unless the customer names one"),
]
PAY_BY: Final = "invoice"


def ordering_tools(shop: Shop, customer: str) -> tuple[AnyTool, AnyTool]:
    """Make the tools that order for a customer: the one that reserves, and the one that places."""
    limit = shop.terms.money(shop.terms.approval_limit)

    @tool(effect="write", authority=["items", "street", "postal_code"], trusted=True, in_doubt="retry")
    def reserve_order(
        items: Annotated[list[Item], Field(min_length=1, max_length=8)],
        name: Line,
        street: Line,
        postal_code: PostalCode,
        city: Line,
        day: Day,
        max_total_euro: Euro,
    ) -> Reservation:
        """Reserve pieces and a delivery to an address, and say the total; nothing is ordered before place_order."""
        address = Address(name=name, street=street, postal_code=postal_code, city=city)
        slot = _slot(shop.delivery_slots(postal_code), day)
        wanted = _counted(items)
        _check_budget(shop, wanted, budget(shop, max_total_euro))
        order = _held(shop, customer, wanted, address, slot)
        if order is None:
            key = idempotency_key()
            _let_go(shop, customer, key)
            _fill_cart(shop, customer, wanted, key)
            order = shop.checkout(customer, address=address, slot=slot.id, key=f"{key}:checkout")
        return Reservation(order=order.id, total=str(order.total), delivery=slot_words(slot))

    @tool(
        effect="money",
        authority=["order", "total"],
        trusted=True,
        in_doubt="retry",
        approval=Approval(
            when=_needs_a_yes(shop, customer, limit),
            question=lambda arguments: _question(shop, customer, arguments),
        ),
        answers=True,
    )
    def place_order(order: OrderId, total: Amount) -> str:
        """Place a reserved order at its total; it is paid by invoice."""
        placed = shop.place(customer, order, total=amount(total), pay_by=PAY_BY, key=idempotency_key())
        return f"Order {placed.id} is placed.\n\n{shop.confirmation(customer, placed.id)}"

    return as_tool(reserve_order), as_tool(place_order)


def amount(text: str) -> Money:
    """Read an amount of money.

    Raises:
        WrongInput: It is none.
    """
    try:
        return Money.read(text)
    except ValueError as error:
        raise WrongInput(str(error)) from error


def is_theirs(shop: Shop, customer: str) -> Callable[[JsonObject], bool]:
    """Make what tells calls for a customer's own order; the others fail without a human's looking at them."""

    def has_order(arguments: JsonObject) -> bool:
        try:
            shop.order_status(customer, str(arguments.get("order")))
        except Unknown:
            return False
        return True

    return has_order


def _needs_a_yes(shop: Shop, customer: str, limit: Money) -> Callable[[JsonObject], bool]:
    """Make what tells orders above a limit; a total that cannot be read is none to let pass."""
    has_order = is_theirs(shop, customer)

    def is_dear(arguments: JsonObject) -> bool:
        try:
            is_within = Money.read(str(arguments.get("total"))).minor <= limit.minor
        except ValueError:
            is_within = False
        return not is_within and has_order(arguments)

    return is_dear


def _question(shop: Shop, customer: str, arguments: JsonObject) -> str:
    """Say what a human is asked to approve, from the order itself."""
    order = shop.order_status(customer, str(arguments["order"]))
    return f"May this order of {customer} be placed? {order_line(order)}; asked for at {arguments['total']}"


def _slot(offered: Sequence[Slot], day: str) -> Slot:
    """Choose the first slot of a day.

    Raises:
        DeliveryError: Nothing is delivered on it.
    """
    found = next((slot for slot in offered if day in {"earliest", f"{slot.day:%A}".lower()}), None)
    if found is None:
        days = ", ".join(dict.fromkeys(f"{slot.day:%A}".lower() for slot in offered)) or "none"
        raise DeliveryError(
            f"nothing is delivered there on a {day}; take the earliest, or one of these days: {days}"
        )
    return found


def _let_go(shop: Shop, customer: str, key: str) -> None:
    """Cancel what the customer has reserved and not placed: what is wanted instead may be the same pieces."""
    for order in shop.orders(customer):
        if order.state in {"open", "reserved"}:
            shop.cancel(
                customer, order.id, why="something else is reserved instead", key=f"{key}:let-go:{order.id}"
            )


def _counted(items: Sequence[Item]) -> dict[str, int]:
    """Give how many of each piece are wanted."""
    wanted: dict[str, int] = {}
    for item in items:
        wanted[item.sku] = wanted.get(item.sku, 0) + item.number
    return wanted


def _check_budget(shop: Shop, wanted: Mapping[str, int], most: Money | None) -> None:
    """Refuse pieces that cost more than the customer will pay.

    Raises:
        WrongInput: They do.
    """
    first, *rest = (shop.piece(sku).price * number for sku, number in wanted.items())
    goods = sum(rest, first)
    if most is not None and goods.minor > most.minor:
        raise WrongInput(f"these pieces come to {goods}, which is more than {most}")


def _held(shop: Shop, customer: str, wanted: Mapping[str, int], address: Address, slot: Slot) -> Order | None:
    """Give the order that is reserved just so already, as by a call that was cut off; None where there is none."""
    for order in shop.orders(customer):
        is_held = order.state == "reserved" and order.held_until > shop.now()
        is_same = (order.address, order.slot) == (address, slot.id)
        if is_held and is_same and {line.sku: line.n for line in order.lines} == wanted:
            return order
    return None


def _fill_cart(shop: Shop, customer: str, wanted: Mapping[str, int], key: str) -> None:
    """Make the cart hold what is wanted and nothing else, at the prices of this moment."""
    for line in shop.cart_show(customer).lines:
        if line.sku not in wanted or line.price != line.seen:
            shop.cart_set(customer, line.sku, 0, key=f"{key}:out:{line.sku}")
    for sku, number in wanted.items():
        shop.cart_set(customer, sku, number, key=f"{key}:{sku}")
