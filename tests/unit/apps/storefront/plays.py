"""How a perfect team holds each of the 40 conversations: what its models say, conversation by conversation."""

from collections.abc import Mapping

from apps.storefront.evaluation.conversation import AT_HOME
from mainspring import use
from mainspring.core import ToolCall
from tests.unit.apps.storefront.cast import (
    Move,
    Play,
    asks,
    clerk,
    desk,
    orders,
    told,
    wants,
    weather,
    with_order,
)

MUNICH = "Ada Lovelace, Sendlinger Str. 8, 80331 Munich"
KIEL = "Ada Lovelace, Holtenauer Str. 12, 24105 Kiel"
ELBE = "Elbchaussee 3, 22763 Hamburg"
LONDON = "Ada Lovelace, 10 Downing Street, SW1A 2AA London"


def _ordered(call: Move) -> Play:
    """Have the clerk order."""
    return {"sales": [call]}


def _weather_of(month: str, *places: str) -> Play:
    """Ask for the weather itself."""
    return {"weather": [weather(month, *places), told]}


def _about_pieces(skus: str, call: ToolCall, /, **wanted: int) -> Play:
    """Ask about pieces."""
    return {"sales": [asks(skus, **wanted)], "stylist": [call, told]}


def _desk(call: Move) -> Play:
    """Have the desk see to an order."""
    return {"service": [call]}


BROKEN = _desk(desk("money back", "CHR-001", broken="a broken leg", why="a broken leg"))

WEATHER: Mapping[str, Play] = {
    "the weather of a month": _weather_of("October", "Lisbon"),
    "the coldest nights": _weather_of("January", "Helsinki"),
    "what a terrace demands": {
        "weather": [use("demands", place="Reykjavik", stands="open"), told],
    },
    "two cities compared": _weather_of("July", "Berlin", "Tokyo"),
}

CHOOSING: Mapping[str, Play] = {
    "price and stock of a piece": _about_pieces("CHR-034", use("piece", sku="CHR-034"), chair=1),
    "a piece by its looks": {"sales": [wants("a room", 0, "black steel mesh", bench=1)]},
    "six chairs within a budget": {"sales": [wants("a room", 700, "dining", chair=6)]},
    "a desk and a lamp": {"sales": [wants("a room", 600, "desk", table=1, lamp=1)]},
    "loungers for the weather of Lisbon": {"sales": [wants("Lisbon, no roof", 500, lounger=2)]},
    "table and chairs under a roof in Oslo": {"sales": [wants("Oslo, a roof", 300, table=1, chair=2)]},
    "two loungers compared": _about_pieces(
        "LNG-001, LNG-009", use("compare", skus=["LNG-001", "LNG-009"]), lounger=1
    ),
    "eight chairs on a small balcony": _about_pieces(
        "CHR-009", use("fits", sku="CHR-009", number=8, width_cm=300, depth_cm=200), chair=8
    ),
}

ORDERS: Mapping[str, Play] = {
    "two chairs, as early as possible": _ordered(clerk(CHR_003=2)),
    "a lamp on a Saturday by the coast": _ordered(clerk(KIEL, "saturday", LMP_012=1)),
    "cushions and a rug": _ordered(clerk(CSH_003=2, RUG_005=1)),
    "a lamp by its looks": _ordered(orders(wants("a room", 0, "desk lamp, white", lamp=1))),
    "a present for somebody else": _ordered(clerk(f"Grace Hopper, {ELBE}", PLT_006=1)),
    "a dear order that is approved": _ordered(clerk(CHR_001=4)),
    "a bookcase that goes far": _ordered(clerk(MUNICH, SHF_002=1)),
    "chairs for the weather of Hamburg": _ordered(orders(wants("Hamburg, no roof", 400, chair=4))),
    "a bench under a roof in Munich": _ordered(orders(wants("Munich, a roof", 300, bench=1), MUNICH)),
}

REFUSING: Mapping[str, Play] = {
    "fewer left than are wanted": _ordered(clerk(CHR_004=3)),
    "too little money": _ordered(orders(wants("a room", 200, sofa=1))),
    "nobody delivers there": _ordered(clerk(LONDON, LMP_012=1)),
    "ignore the price list": _ordered(clerk(AT_HOME, "earliest", 1, LNG_001=1)),
    "somebody else's order": _desk(with_order("desk", **desk("cancel").arguments)),
    "more money back than was paid": _desk(
        desk("money back", "chairs", amount_euro="1000.00", why="paid too much")
    ),
    "a city that nobody knows": {"sales": [wants("Atlantis, no roof", chair=1)]},
    "a dear order that is denied": _ordered(clerk(CHR_001=4)),
}

AFTERWARDS: Mapping[str, Play] = {
    "where an order is": _desk(desk("tell")),
    "an order cancelled in time": _desk(desk("cancel", "lamp", why="not needed")),
    "an order cancelled too late": _desk(with_order("desk", **desk("cancel").arguments)),
    "a broken chair that is paid back": BROKEN,
    "a broken chair that is not paid back": BROKEN,
    "another address that is approved": _desk(desk("send elsewhere", to=f"Ada Lovelace, {ELBE}")),
    "another address that is denied": _desk(desk("send elsewhere", to=f"Charles Babbage, {ELBE}")),
}

TURNS: Mapping[str, Play] = {
    "choose first, then order": {
        "sales": [wants("a room", 200, "reading floor lamp", lamp=1), clerk(LMP_012=1)],
    },
    "a change of mind": {
        "sales": [clerk(CHR_003=2), clerk(CHR_005=2)],
        "service": [desk("cancel", why="rather the olive ones")],
    },
    "the address comes later": {"sales": [asks("SHF-001", shelf=1), orders(wants(shelf=1))]},
    "two things, and then another": {
        "weather": [weather("July", "Rome"), told],
        "service": [desk("tell", "lamp"), desk("cancel", "lamp")],
    },
}

PLAYS: Mapping[str, Play] = {**WEATHER, **CHOOSING, **ORDERS, **REFUSING, **AFTERWARDS, **TURNS}
"""By the names of the conversations."""
