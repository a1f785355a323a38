"""Finding, comparing and measuring the bundled furniture, on each database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.storefront.shop import Piece, Shop, Space, Wanted, open_shop
from apps.storefront.shop.catalogue import read_pieces
from apps.storefront.shop.errors import Unknown, WrongInput
from apps.storefront.shop.fits import fit
from tests.unit.apps.storefront.shop.shopping import euros, two_pieces

CHAIR = two_pieces()[0]  # 500 × 500 × 900 mm


@pytest.fixture
def shop(shop_url: str) -> Iterator[Shop]:
    """Give a shop with everything there is."""
    opened = open_shop(shop_url)
    yield opened
    opened.close()


def test_words_find_what_they_mean(shop: Shop) -> None:
    questions: dict[str, Callable[[Piece], bool]] = {
        "two chairs for a roofless terrace that stand rain and frost": lambda piece: (
            piece.kind == "chair" and piece.stands == "open" and min(piece.weather.rain, piece.weather.frost) >= 2
        ),
        "a bench by the sea": lambda piece: piece.kind == "bench" and piece.weather.salt >= 2,
        "sofa for the living room": lambda piece: piece.kind == "sofa" and piece.stands == "indoor",
        "couch for a covered porch": lambda piece: piece.kind == "sofa" and piece.stands != "indoor",
        "something to keep cushions in on the balcony": lambda piece: (
            piece.kind in {"storage", "cushion"} or "keeps cushions" in piece.description.lower()
        ),
        "frostproof pots": lambda piece: piece.kind == "planter" and piece.weather.frost >= 2,
        "folding kitchen table": lambda piece: piece.kind == "table" and piece.folded is not None,
        "armchair for reading": lambda piece: piece.kind == "chair",
        "bookcase": lambda piece: piece.kind == "shelf",
        "carpet for the deck": lambda piece: piece.kind == "rug" and piece.stands == "open",
    }

    found = {question: shop.search(Wanted(text=question, limit=3)) for question in questions}

    misses = {
        (question, piece.name)
        for question, pieces in found.items()
        for piece in pieces
        if not questions[question](piece)
    }
    assert misses == set()
    assert all(len(pieces) == 3 for pieces in found.values())


def test_attributes_are_kept_to_strictly(shop: Shop) -> None:
    wanted = Wanted(
        text="chair",
        kinds=("chair", "bench"),
        stands="open",
        rain=3,
        salt=3,
        max_width_mm=800,
        max_price=euros("200.00"),
        in_stock=2,
        limit=100,
    )

    found = shop.search(wanted)

    assert found
    for piece in found:
        assert piece.kind in {"chair", "bench"}
        assert piece.stands == "open"
        assert (piece.weather.rain, piece.weather.salt) == (3, 3)
        assert piece.size.width_mm <= 800
        assert piece.price.minor <= 20_000
        assert piece.stock >= 2


def test_a_search_without_words_gives_the_cheapest_first(shop: Shop) -> None:
    found = shop.search(Wanted(kinds=("lamp",), limit=100))

    prices = [piece.price.minor for piece in found]
    assert prices == sorted(prices)
    assert len(found) == sum(piece.kind == "lamp" for piece in read_pieces())


@pytest.mark.parametrize(
    "text", ["the", "zzzz qqqq", "' OR 1=1 --", '"', "kind : chair) OR (", "a & b | !c", "é ü"]
)
def test_odd_words_find_something_or_nothing_and_break_nothing(shop: Shop, text: str) -> None:
    assert isinstance(shop.search(Wanted(text=text)), list)


def test_the_bundled_pieces_are_many_of_every_kind_and_priced_whole() -> None:
    pieces = read_pieces()

    assert len({piece.sku for piece in pieces}) == len(pieces) >= 200
    assert {piece.kind for piece in pieces} == {
        "chair", "table", "bench", "lounger", "sofa", "shelf", "storage", "lamp", "rug", "planter", "cushion",
    }  # fmt: skip
    assert {piece.stands for piece in pieces} == {"indoor", "covered", "open"}
    assert all(piece.weather.rain >= 1 for piece in pieces if piece.stands == "open")


def test_a_comparison_parts_what_is_the_same_from_what_is_not(tmp_path: Path) -> None:
    shop = open_shop(str(tmp_path / "shop.db"), pieces=two_pieces())

    found = shop.compare(["CHR-1", "POT-1", "CHR-1"])

    assert found.skus == ("CHR-1", "POT-1")
    assert found.same["width × depth × height"] == "500 × 500 × 900 mm"
    assert found.different["price"] == ("100.00 EUR", "19.99 EUR")
    assert not set(found.same) & set(found.different)
    with pytest.raises(WrongInput, match="1 pieces are given"):
        shop.compare(["CHR-1", "CHR-1"])
    with pytest.raises(Unknown, match="NONE-1"):
        shop.compare(["CHR-1", "NONE-1"])
    shop.close()


@pytest.mark.parametrize(
    ("width_mm", "depth_mm", "clearance_mm", "most"),
    [
        (500, 500, 0, 1),
        (499, 500, 0, 0),
        (700, 700, 100, 1),
        (699, 700, 100, 0),
        (1300, 700, 100, 2),  # 100 + 500 + 100 + 500 + 100
        (1299, 700, 100, 1),
        (1300, 1300, 100, 4),
        (100, 100, 600, 0),
    ],
)
def test_pieces_fit_with_the_clearance_around_each(
    width_mm: int, depth_mm: int, clearance_mm: int, most: int
) -> None:
    found = fit(CHAIR, Space(width_mm=width_mm, depth_mm=depth_mm), n=max(1, most), clearance_mm=clearance_mm)

    assert found.most == most
    assert found.fits == (most > 0)


def test_a_piece_is_turned_where_that_helps_and_not_stood_where_it_is_too_high() -> None:
    long = CHAIR.model_copy(update={"size": CHAIR.size.model_copy(update={"width_mm": 1500})})

    assert fit(long, Space(width_mm=500, depth_mm=1500), clearance_mm=0).turned
    low = fit(CHAIR, Space(width_mm=5000, depth_mm=5000, height_mm=899))
    assert (low.fits, low.why) == (False, "Chair is 900 mm high, and only 899 mm are free")


def test_a_folded_piece_needs_its_folded_room() -> None:
    folded = CHAIR.size.model_copy(update={"depth_mm": 90})
    folding = CHAIR.model_copy(update={"folded": folded})
    shelf = Space(width_mm=600, depth_mm=100)

    assert fit(folding, shelf, clearance_mm=0, folded=True).fits
    assert not fit(folding, shelf, clearance_mm=0).fits
