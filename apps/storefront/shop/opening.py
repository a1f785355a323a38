"""Opening a shop: its database up to date, its catalogue filled, its ways to pay in place."""

from collections.abc import Iterable, Mapping

from apps.storefront.shop import catalogue
from apps.storefront.shop.catalogue import Piece
from apps.storefront.shop.database import open_database
from apps.storefront.shop.errors import WrongInput
from apps.storefront.shop.payments import Invoice, Payments
from apps.storefront.shop.service import Shop
from apps.storefront.shop.setup import Setup
from apps.storefront.shop.terms import Terms, read_terms
from mainspring.core import Clock, Rng, SystemClock, SystemRng


def open_shop(
    url: str,
    *,
    payments: Mapping[str, Payments] | None = None,
    pieces: Iterable[Piece] | None = None,
    terms: Terms | None = None,
    clock: Clock | None = None,
    rng: Rng | None = None,
) -> Shop:
    """Open a shop, and make it if there is none.

    Args:
        url: `sqlite:///shop.db`, a path, or `postgresql://user:password@host/database`.
        payments: Ways to pay by their names, beside `invoice`, which is built in.
        pieces: What an empty shop begins to sell; the bundled furniture if not given.
        terms: What the owner decides; the bundled terms if not given.
        clock: Tells the time.
        rng: Makes up the ids of orders.

    Raises:
        ConfigError: The address is of no database the shop can be kept in.
        WrongInput: Pieces are priced in another currency than the shop's.
        NewerDatabase: It was made by a newer version of the shop.
        ShopUnavailable: It cannot be reached.
    """
    own_terms = terms or read_terms()
    own_clock = clock or SystemClock()
    database = open_database(url)
    try:
        with database.write() as db:
            if catalogue.is_empty(db):
                catalogue.stock_up(db, _priced(catalogue.read_pieces() if pieces is None else pieces, own_terms))
    except BaseException:
        database.close()
        raise
    ways = {"invoice": Invoice(database, own_terms, own_clock), **(payments or {})}
    return Shop(Setup(database, own_terms, ways, own_clock, rng or SystemRng()))


def _priced(pieces: Iterable[Piece], terms: Terms) -> Iterable[Piece]:
    for piece in pieces:
        if piece.price.currency != terms.currency:
            raise WrongInput(f"{piece.sku} costs {piece.price}, and this shop sells in {terms.currency}")
        yield piece
