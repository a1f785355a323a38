"""What the tests of the evaluation share: conversations by name, staff that plays, and orders."""

from collections.abc import Sequence
from functools import partial

from apps.storefront.evaluation import Conversation, Staff, conversations
from apps.storefront.evaluation.checks import check_database
from apps.storefront.evaluation.findings import find
from apps.storefront.evaluation.words import check_answers
from apps.storefront.evaluation.world import World, read_address
from apps.storefront.shop import Order
from apps.storefront.team import storefront
from tests.unit.apps.storefront.cast import Cast, Play

HOME = "Ada Lovelace, Pier 4, 20457 Hamburg"


def named(name: str) -> Conversation:
    """Give a conversation by its name."""
    return next(one for one in conversations() if one.name == name)


def team(play: Play) -> Staff:
    """Give the team with a model that says what it is told to."""
    return Staff("team", "cast", partial(storefront, model=Cast(play)))


def buy(world: World, sku: str, n: int = 1, *, to: str = HOME, is_placed: bool = True) -> Order:
    """Order something that no human was asked about."""
    shop, address = world.shop, read_address(to)
    shop.cart_add("ada", sku, n, key=f"add {sku}")
    slot = shop.delivery_slots(address.postal_code)[0].id
    order = shop.checkout("ada", address=address, slot=slot, key=f"check out {sku}")
    if is_placed:
        order = shop.place("ada", order.id, total=order.total, pay_by="invoice", key=f"place {sku}")
    return order


def problems(conversation: Conversation, world: World, answers: Sequence[str]) -> list[str]:
    """Give what is wrong after a conversation with these answers, in which no human was asked."""
    found = find(world, answers, [], [0] * len(answers))
    return check_database(conversation, found) + check_answers(conversation, found)
