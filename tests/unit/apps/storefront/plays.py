"""How a perfect team holds each of the 40 conversations: what its models say, conversation by conversation."""

from collections.abc import Mapping

from mainspring import use
from mainspring.core import ToolCall
from tests.unit.apps.storefront.cast import (
    RESERVING,
    Move,
    Play,
    address_fields,
    advise,
    all_told,
    choose,
    clerk,
    demands,
    find,
    place,
    prices,
    report,
    stylist,
    told,
    weather,
    with_order,
)

MUNICH = "Ada Lovelace, Sendlinger Str. 8, 80331 Munich"
KIEL = "Ada Lovelace, Holtenauer Str. 12, 24105 Kiel"
ELBE = "Elbchaussee 3, 22763 Hamburg"
LONDON = "Ada Lovelace, 10 Downing Street, SW1A 2AA London"


def _ordered(call: Move) -> Play:
    """Have the clerk order."""
    return {"shop": [call, place], "clerk": RESERVING}


def _weather_of(place: str, month: str) -> Play:
    """Ask for the weather itself."""
    return {"shop": [weather(place, month), told], "weather": [use("weather", place=place, when=month), report]}


def _about_pieces(call: ToolCall, answer: Move = advise, **wanted: int) -> Play:
    """Ask the stylist about pieces."""
    return {"shop": [stylist("indoor", **wanted), told], "stylist": [call, answer]}


def _chosen(max_total_euro: int, style: str, **wanted: int) -> Play:
    """Have the stylist choose for a room."""
    call = find("indoor", max_total_euro, style, **wanted)
    return {"shop": [stylist("indoor", max_total_euro, style, **wanted), told], "stylist": [call, choose]}


def _chosen_for(place: str, stands: str, max_total_euro: int, *then: Move, **wanted: int) -> Play:
    """Have the stylist choose for the weather of a place, and do something then."""
    return {
        "shop": [demands(place, stands), stylist(stands, max_total_euro, **wanted), *then, told],
        "weather": [use("demands", place=place, stands=stands), report],
        "stylist": [find(stands, max_total_euro, **wanted), choose],
        "clerk": RESERVING,
    }


def _moved(name: str) -> Play:
    """Have an order sent elsewhere."""
    return {"shop": [with_order("change_address", **address_fields(f"{name}, {ELBE}")), told]}


BROKEN: Play = {
    "shop": [
        use("my_orders"),
        with_order("report_damage", sku="CHR-001", number=1, what_is_broken="a leg"),
        with_order("refund_order", amount_back="149.00 EUR", why="a broken leg"),
        told,
    ]
}

WEATHER: Mapping[str, Play] = {
    "the weather of a month": _weather_of("Lisbon", "October"),
    "the coldest nights": _weather_of("Helsinki", "January"),
    "what a terrace demands": {
        "shop": [demands("Reykjavik", "open"), told],
        "weather": [use("demands", place="Reykjavik", stands="open"), report],
    },
    "two cities compared": {
        "shop": [
            weather("Berlin", "July"),
            weather("Tokyo", "July"),
            all_told,
        ],
        "weather": [
            use("weather", place="Berlin", when="July"),
            report,
            use("weather", place="Tokyo", when="July"),
            report,
        ],
    },
}

CHOOSING: Mapping[str, Play] = {
    "price and stock of a piece": _about_pieces(use("piece", sku="CHR-034"), chair=1),
    "a piece by its looks": _chosen(0, "black steel mesh", bench=1),
    "six chairs within a budget": _chosen(700, "dining", chair=6),
    "a desk and a lamp": _chosen(600, "desk", table=1, lamp=1),
    "loungers for the weather of Lisbon": _chosen_for("Lisbon", "open", 500, lounger=2),
    "table and chairs under a roof in Oslo": _chosen_for("Oslo", "covered", 300, table=1, chair=2),
    "two loungers compared": _about_pieces(use("compare", skus=["LNG-001", "LNG-009"]), prices, lounger=1),
    "eight chairs on a small balcony": _about_pieces(
        use("fits", sku="CHR-009", number=8, width_cm=300, depth_cm=200), chair=8
    ),
}

ORDERS: Mapping[str, Play] = {
    "two chairs, as early as possible": _ordered(clerk(CHR_003=2)),
    "a lamp on a Saturday by the coast": _ordered(clerk(KIEL, "saturday", LMP_012=1)),
    "cushions and a rug": _ordered(clerk(CSH_003=2, RUG_005=1)),
    "a lamp by its looks": {
        "shop": [stylist("indoor", 0, "desk lamp, white", lamp=1), clerk(), place],
        "stylist": [find("indoor", 0, "desk lamp, white", lamp=1), choose],
        "clerk": RESERVING,
    },
    "a present for somebody else": _ordered(clerk(f"Grace Hopper, {ELBE}", PLT_006=1)),
    "a dear order that is approved": _ordered(clerk(CHR_001=4)),
    "a bookcase that goes far": _ordered(clerk(MUNICH, SHF_002=1)),
    "chairs for the weather of Hamburg": _chosen_for("Hamburg", "open", 400, clerk(), place, chair=4),
    "a bench under a roof in Munich": _chosen_for("Munich", "covered", 300, clerk(MUNICH), place, bench=1),
}

REFUSING: Mapping[str, Play] = {
    "fewer left than are wanted": {"shop": [clerk(CHR_004=3), told], "clerk": RESERVING},
    "too little money": {
        "shop": [stylist("indoor", 200, sofa=1), told],
        "stylist": [find("indoor", 200, sofa=1), advise],
    },
    "nobody delivers there": {"shop": [clerk(LONDON, LMP_012=1), told], "clerk": RESERVING},
    "ignore the price list": {
        "shop": [clerk(LNG_001=1), with_order("place_order", total="1.00 EUR"), told],
        "clerk": RESERVING,
    },
    "somebody else's order": {
        "shop": [with_order("cancel_order", why="a mistake"), "There is no such order of yours to be cancelled."]
    },
    "more money back than was paid": {
        "shop": [with_order("refund_order", amount_back="1000.00 EUR", why="paid too much"), told]
    },
    "a city that nobody knows": {
        "shop": [demands("Atlantis", "open"), told],
        "weather": [use("demands", place="Atlantis", stands="open"), report],
    },
    "a dear order that is denied": {"shop": [clerk(CHR_001=4), place, told], "clerk": RESERVING},
}

AFTERWARDS: Mapping[str, Play] = {
    "where an order is": {"shop": [use("my_orders"), told]},
    "an order cancelled in time": {"shop": [use("my_orders"), with_order("cancel_order", why="not needed"), told]},
    "an order cancelled too late": {"shop": [with_order("cancel_order", why="changed my mind"), told]},
    "a broken chair that is paid back": BROKEN,
    "a broken chair that is not paid back": BROKEN,
    "another address that is approved": _moved("Ada Lovelace"),
    "another address that is denied": _moved("Charles Babbage"),
}

TURNS: Mapping[str, Play] = {
    "choose first, then order": {
        "shop": [stylist("indoor", 200, "reading floor lamp", lamp=1), told, clerk(LMP_012=1), place],
        "stylist": [find("indoor", 200, "reading floor lamp", lamp=1), choose],
        "clerk": RESERVING,
    },
    "a change of mind": {
        "shop": [
            clerk(CHR_003=2),
            place,
            with_order("cancel_order", why="rather the olive ones"),
            clerk(CHR_005=2),
            place,
        ],
        "clerk": [*RESERVING, *RESERVING],
    },
    "the address comes later": {
        "shop": ["Where shall it go to?", clerk(SHF_001=1), place],
        "clerk": RESERVING,
    },
    "two things, and then another": {
        "shop": [
            use("my_orders"),
            weather("Rome", "July"),
            all_told,
            with_order("cancel_order", why="not needed"),
            told,
        ],
        "weather": [use("weather", place="Rome", when="July"), report],
    },
}

PLAYS: Mapping[str, Play] = {**WEATHER, **CHOOSING, **ORDERS, **REFUSING, **AFTERWARDS, **TURNS}
"""By the names of the conversations."""
