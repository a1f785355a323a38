"""The furniture shop behind the storefront: catalogue, carts, orders, stock, delivery and payment, in one database.

`open_shop(url)` gives a `Shop`, whose methods are what agents' tools call; there are no agents here. Nothing is
oversold, overcharged or lost, whatever is called in whatever order, by however many at once, and wherever a process
is killed: see `orders` for an order's states and `placing` for how money and pieces are kept together.
"""

from apps.storefront.shop.bills import Adjustment, Claim, Order, OrderLine
from apps.storefront.shop.carts import Cart, CartLine
from apps.storefront.shop.catalogue import Piece, Stood
from apps.storefront.shop.delivery import Address, Slot
from apps.storefront.shop.fits import Fit, Space
from apps.storefront.shop.money import Money
from apps.storefront.shop.opening import open_shop
from apps.storefront.shop.recovery import Recovery
from apps.storefront.shop.search import Comparison, Wanted
from apps.storefront.shop.service import Shop
from apps.storefront.shop.terms import Terms, read_terms

__all__ = [
    "Address",
    "Adjustment",
    "Cart",
    "CartLine",
    "Claim",
    "Comparison",
    "Fit",
    "Money",
    "Order",
    "OrderLine",
    "Piece",
    "Recovery",
    "Shop",
    "Slot",
    "Space",
    "Stood",
    "Terms",
    "Wanted",
    "open_shop",
    "read_terms",
]
