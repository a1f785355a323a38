"""Finding furniture: whole sets within a budget that stand the weather; and what there is to know of pieces."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import Field

from apps.storefront.shop import Money, Shop, Space, Wanted
from apps.storefront.shop.errors import WrongInput
from apps.storefront.tools.fields import Choice, Euro, Item, Sku
from apps.storefront.tools.needs import needs_at, write_needs
from apps.storefront.tools.sets import Found, Set, Wish, find_sets, named_pieces, total
from apps.storefront.weather import Stands, Weather
from mainspring import tool
from mainspring.core.threads import in_daemon_thread
from mainspring.tools import AnyTool, as_tool

Where = Literal["in a room", "outside, no roof", "outside, a roof"]
Named = Annotated[str, Field(max_length=100, description="those that the customer has said; may be empty")]
Look = Annotated[str, Field(max_length=100, description="the customer's words for its look or use; may be empty")]
City = Annotated[
    str, Field(pattern=r"^[^0-9]{0,60}$", description="of the terrace, balcony or garden; empty for a room")
]
Which = Literal["best match", "another look", "cheapest"]
Centimetres = Annotated[int, Field(ge=1, le=100_000)]
_PLACES: Final[dict[Stands, str]] = {
    "open": "in the open",
    "covered": "outside under a roof",
    "indoor": "in a room",
}
_STANDS: Final[dict[Where, Stands]] = {
    "in a room": "indoor",
    "outside, no roof": "open",
    "outside, a roof": "covered",
}
_MAJOR = 100


def finding_tool(shop: Shop, weather: Weather) -> AnyTool:
    """Make the tool that finds furniture."""

    @tool(effect="fetch", trusted=True)
    async def find_furniture(
        wanted: Annotated[list[Wish], Field(min_length=1, max_length=4)],
        stands: Where,
        terrace_city: City,
        max_total_euro: Euro,
        skus: Named,
        look: Look,
        which: Which,
    ) -> Choice:
        """Find one set of all that is wanted, in stock, within the budget, that stands the weather of the city.

        Where SKUs are named, it is those pieces.
        """
        if named := named_pieces(shop, wanted, skus):
            stocked = " ".join(f"{one.piece.stock} of {one.piece.sku} in stock." for one in named)
            return _chosen(named, stocked)
        wishes = list({(wish.kind, wish.number): wish for wish in wanted}.values())
        if len({wish.kind for wish in wishes}) < len(wishes):
            raise WrongInput("one kind is wanted in two numbers; write each kind once, with how many are wanted")
        least = await needs_at(weather, terrace_city, _STANDS[stands])
        asked = Wanted(text=look, stands=_STANDS[stands], **least)
        most = budget(shop, max_total_euro)
        found = await in_daemon_thread(partial(find_sets, shop, wishes, asked, most))
        return _told(found, which, most, _standing(_STANDS[stands], terrace_city, least))

    return as_tool(find_furniture)


def piece_tools(shop: Shop) -> tuple[AnyTool, ...]:
    """Make the tools that tell about pieces."""

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

    return tuple(as_tool(one) for one in (piece, compare, fits))


def _standing(stands: Stands, city: str, least: Mapping[str, int]) -> str:
    """Say where furniture may stand, and what of the weather."""
    return f"stand {_PLACES[stands]}" + (
        "" if stands == "indoor" else f" in {city} and resist {write_needs(least)}"
    )


def budget(shop: Shop, max_total_euro: int) -> Money | None:
    """Give what pieces may cost together, delivery left out; None for anything."""
    return shop.terms.money(max_total_euro * _MAJOR) if max_total_euro else None


def _told(found: Found, which: Which, most: Money | None, what: str) -> Choice:
    if found.missing:
        kinds = ", ".join(f"{wish.number} x {wish.kind}" for wish in found.missing)
        return _nothing(f"Nothing fits: no piece in stock for {kinds} would {what}.")
    if found.best is None:
        return _nothing(f"Nothing within {most}: the cheapest that would {what} is {_line(found.cheapest)}.")
    chosen = {"best match": found.best, "another look": found.other, "cheapest": found.cheapest}[which]
    if chosen is None:
        return _nothing(f"Nothing else is in stock within {most or 'any budget'} that would {what}.")
    return _chosen(chosen, f"In stock; they {what}.")


def _chosen(chosen: Set, words: str) -> Choice:
    items = [Item(sku=picked.piece.sku, number=picked.n) for picked in chosen]
    says = f"{_line(chosen)}, without delivery. {words}"
    return Choice(items=items, total=str(total(chosen)), says=says)


def _nothing(says: str) -> Choice:
    return Choice(items=[], total="", says=says)


def _line(one: Set) -> str:
    parts = [f"{picked.n} x {picked.piece.sku} ({picked.piece.name}, {picked.piece.price} each)" for picked in one]
    return f"{' + '.join(parts)} = {total(one)}"
