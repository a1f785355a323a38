"""What the team is measured against: one agent before any design, with the shop's own calls as its tools.

The tools are the facade's methods one to one, with their arguments and their whole results. What a human has to
approve is the same as for the team, because that is the owner's affair and no question of design.
"""

from collections.abc import Callable
from typing import cast

from apps.storefront.shop import Address, Money, Order, Piece, Shop, Slot, Space, Wanted
from apps.storefront.shop.bills import Adjustment, Claim
from apps.storefront.shop.carts import Cart
from apps.storefront.shop.fits import Fit
from apps.storefront.shop.search import Comparison
from apps.storefront.weather import Weather, weather_tools
from mainspring import Agent, idempotency_key, tool
from mainspring.agent.opening import Models
from mainspring.core import JsonObject
from mainspring.tools import AnyTool, as_tool

INSTRUCTIONS = """You serve a customer of a furniture shop with your tools.
Never make up furniture, weather, prices or orders."""


def plain(shop: Shop, weather: Weather, customer: str, *, model: Models | None = None) -> Agent:
    """Make one agent that does everything by itself."""
    tools = [*weather_tools(weather), *_catalogue(shop), *_buying(shop, customer), *_orders(shop, customer)]
    return Agent("plain", instructions=INSTRUCTIONS, tools=tools, model=model, max_steps=20)


def _catalogue(shop: Shop) -> tuple[AnyTool, ...]:
    @tool(effect="none", trusted=True)
    def search(wanted: Wanted) -> list[Piece]:
        """Find pieces by words and by what they must be, the best first."""
        return shop.search(wanted)

    @tool(effect="none", trusted=True)
    def piece(sku: str) -> Piece:
        """Give a piece with its price and stock of this moment."""
        return shop.piece(sku)

    @tool(effect="none", trusted=True)
    def compare(skus: list[str]) -> Comparison:
        """Put two to six pieces side by side: what is the same, and what is not."""
        return shop.compare(skus)

    @tool(effect="none", trusted=True)
    def fits(sku: str, space: Space, n: int = 1) -> Fit:
        """Tell whether pieces fit a space with room to get by."""
        return shop.fits(sku, space, n=n)

    return tuple(as_tool(one) for one in (search, piece, compare, fits))


def _buying(shop: Shop, customer: str) -> tuple[AnyTool, ...]:
    @tool(effect="none", trusted=True)
    def cart_show() -> Cart:
        """Give the customer's cart with the prices of this moment."""
        return shop.cart_show(customer)

    @tool(effect="write", trusted=True, in_doubt="retry")
    def cart_add(sku: str, n: int = 1) -> Cart:
        """Put more of a piece into the customer's cart."""
        return shop.cart_add(customer, sku, n, key=idempotency_key())

    @tool(effect="write", trusted=True, in_doubt="retry")
    def cart_set(sku: str, n: int) -> Cart:
        """Set how many of a piece are in the customer's cart; 0 takes it out."""
        return shop.cart_set(customer, sku, n, key=idempotency_key())

    @tool(effect="none", trusted=True)
    def delivery_slots(postal_code: str) -> list[Slot]:
        """Give the delivery slots that can be had for a postal code, with their fee, the soonest first."""
        return shop.delivery_slots(postal_code)

    @tool(effect="write", trusted=True, in_doubt="retry")
    def checkout(address: Address, slot: str) -> Order:
        """Make an order of the customer's cart, reserved with an address and a slot."""
        return shop.checkout(customer, address=address, slot=slot, key=idempotency_key())

    @tool(effect="money", trusted=True, in_doubt="retry", approval=_is_dear(shop, customer))
    def place(order: str, total: Money, pay_by: str) -> Order:
        """Pay for a reserved order and place it."""
        return shop.place(customer, order, total=total, pay_by=pay_by, key=idempotency_key())

    return tuple(as_tool(one) for one in (cart_show, cart_add, cart_set, delivery_slots, checkout, place))


def _orders(shop: Shop, customer: str) -> tuple[AnyTool, ...]:
    @tool(effect="none", trusted=True)
    def orders() -> list[Order]:
        """Give the customer's latest orders, the newest first."""
        return shop.orders(customer)

    @tool(effect="none", trusted=True)
    def order_status(order: str) -> Order:
        """Give an order as it stands."""
        return shop.order_status(customer, order)

    @tool(effect="destroy", trusted=True, in_doubt="retry")
    def cancel(order: str, why: str) -> Order:
        """Cancel an order that was not shipped; what was paid is given back."""
        return shop.cancel(customer, order, why=why, key=idempotency_key())

    @tool(effect="write", trusted=True, in_doubt="retry", approval=True)
    def change_address(order: str, address: Address, slot: str | None = None) -> Order:
        """Send a reserved or placed order elsewhere, at the delivery fee that was agreed to."""
        return shop.change_address(customer, order, address, slot=slot, key=idempotency_key())

    @tool(effect="write", trusted=True, in_doubt="retry")
    def report_damage(order: str, sku: str, n: int, words: str) -> Claim:
        """Note that pieces of a shipped order are damaged, and say what they cost."""
        return shop.report_damage(customer, order, sku, n, words, key=idempotency_key())

    @tool(effect="money", trusted=True, in_doubt="retry", approval=True)
    def refund(order: str, amount: Money, why: str) -> Adjustment:
        """Give back some of what was paid for an order."""
        return shop.refund(customer, order, amount, why=why, key=idempotency_key())

    return tuple(as_tool(one) for one in (orders, order_status, cancel, change_address, report_damage, refund))


def _is_dear(shop: Shop, customer: str) -> Callable[[JsonObject], bool]:
    """Tell orders above the owner's limit."""

    def is_dear(arguments: JsonObject) -> bool:
        mine = {order.id: order.total for order in shop.orders(customer)}
        total = mine.get(cast("str", arguments.get("order")))
        return total is not None and total.minor > shop.terms.approval_limit

    return is_dear
