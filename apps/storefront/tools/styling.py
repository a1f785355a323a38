"""Choosing furniture: whole sets within a budget, pieces side by side, and whether they fit a space."""

from typing import Annotated, Literal

from pydantic import Field

from apps.storefront.shop import Money, Shop, Space, Wanted
from apps.storefront.shop.errors import WrongInput
from apps.storefront.tools.needs import read_needs, write_needs
from apps.storefront.tools.sets import Found, Set, Wish, find_sets, total
from mainspring import tool
from mainspring.tools import AnyTool, as_tool

Sku = Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,24}$", description="like CHR-001")]
Needs = Annotated[
    str,
    Field(
        pattern=r"^(rain [0-3], frost [0-3], sun [0-3], salt ([0-3]|unknown)|none)$",
        description="as weather said them, each from 0 to 3, in its words; none for a room",
    ),
]
Place = Literal["open", "covered", "indoor"]
Euro = Annotated[int, Field(ge=0, description="the most that all of it may cost; 0 if no limit is said")]
Which = Literal["best match", "another look", "cheapest"]
Centimetres = Annotated[int, Field(ge=1, le=100_000)]
_PLACES = {"open": "in the open", "covered": "outside under a roof", "indoor": "in a room"}
_MAJOR = 100


def styling_tools(shop: Shop) -> tuple[AnyTool, ...]:
    """Make the tools that choose furniture."""

    @tool(effect="none", trusted=True)
    def find_furniture(
        wanted: Annotated[list[Wish], Field(min_length=1, max_length=4)],
        stands: Place,
        needs: Needs,
        max_total_euro: Euro,
        style: Annotated[str, Field(max_length=100, description="words for the look or use; may be empty")],
        which: Which,
    ) -> str:
        """Find one set of all that is wanted, in stock, within the budget, with prices."""
        if len({wish.kind for wish in wanted}) < len(wanted):
            raise WrongInput("one kind is wanted twice; write each kind once, with how many of it are wanted")
        least = read_needs(needs)
        asked = Wanted(text=style, stands=stands, **least)
        budget = shop.terms.money(max_total_euro * _MAJOR) if max_total_euro else None
        found = find_sets(shop, wanted, asked, budget)
        return _told(found, which, budget, f"stand {_PLACES[stands]} and resist {write_needs(least)}")

    @tool(effect="none", trusted=True)
    def piece(sku: Sku) -> str:
        """One piece: price, stock, size, materials and the weather it stands."""
        one = shop.piece(sku)
        size, stood = one.size, write_needs(one.weather.model_dump())
        return (
            f"{one.sku} {one.name}: {one.price}, {one.stock} in stock. May stand {_PLACES[one.stands]}; resists "
            f"{stood}. {size.width_mm // 10} x {size.depth_mm // 10} x {size.height_mm // 10} cm (width, depth, "
            f"height), {', '.join(one.materials)}. {one.description}"
        )

    @tool(effect="none", trusted=True)
    def compare(skus: Annotated[list[Sku], Field(min_length=2, max_length=6)]) -> dict[str, object]:
        """What differs between pieces."""
        found = shop.compare(skus)
        return {"skus": found.skus, **found.different}

    @tool(effect="none", trusted=True)
    def fits(
        sku: Sku, number: Annotated[int, Field(ge=1, le=99)], width_cm: Centimetres, depth_cm: Centimetres
    ) -> str:
        """Whether so many of a piece fit on a floor of a width and a depth, with room to get by."""
        found = shop.fits(sku, Space(width_mm=width_cm * 10, depth_mm=depth_cm * 10), n=number)
        return f"{'Yes' if found.fits else 'No'}: {found.why}."

    return tuple(as_tool(one) for one in (find_furniture, piece, compare, fits))


def _told(found: Found, which: Which, budget: Money | None, what: str) -> str:
    if found.missing:
        kinds = ", ".join(f"{wish.number} x {wish.kind}" for wish in found.missing)
        return f"Nothing fits: no piece in stock for {kinds} would {what}. Tell the customer so."
    if found.best is None:
        return (
            f"Nothing within {budget}: the cheapest that would {what} is {_line(found.cheapest)}. "
            "Tell the customer so, and choose nothing."
        )
    chosen = {"best match": found.best, "another look": found.other, "cheapest": found.cheapest}[which]
    if chosen is None:
        return f"Nothing else is in stock within {budget or 'any budget'} that would {what}."
    return f"{_line(chosen)}, without delivery. In stock; they {what}."


def _line(one: Set) -> str:
    parts = [f"{picked.n} x {picked.piece.sku} ({picked.piece.name}, {picked.piece.price} each)" for picked in one]
    return f"{' + '.join(parts)} = {total(one)}"
