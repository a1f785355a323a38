"""The shop's tables, as statements are written against them. `migrations/` makes them; a test holds both together.

Money is integer minor units, times are seconds since the Unix epoch, documents are JSON text. The database itself
keeps what must never be: less than no stock, more deliveries than a slot takes, more refunded than was captured.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

tables: Final = MetaData()

pieces: Final = Table(
    "pieces",
    tables,
    Column("sku", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("stands", Integer, nullable=False),
    Column("rain", Integer, nullable=False),
    Column("frost", Integer, nullable=False),
    Column("sun", Integer, nullable=False),
    Column("salt", Integer, nullable=False),
    Column("width_mm", Integer, nullable=False),
    Column("depth_mm", Integer, nullable=False),
    Column("height_mm", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("document", Text, nullable=False),
    CheckConstraint("price >= 0", name="price_is_an_amount"),
)
"""What is sold: a document, with the columns beside it that are searched by."""

stock: Final = Table(
    "stock",
    tables,
    Column("sku", Text, ForeignKey("pieces.sku"), primary_key=True),
    Column("on_hand", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    CheckConstraint("on_hand >= 0", name="nothing_is_oversold"),
    CheckConstraint("held >= 0", name="nothing_is_released_twice"),
)

carts: Final = Table(
    "carts",
    tables,
    Column("customer", Text, primary_key=True),
    Column("changed_at", Double, nullable=False),
)

cart_lines: Final = Table(
    "cart_lines",
    tables,
    Column("customer", Text, ForeignKey("carts.customer"), primary_key=True),
    Column("sku", Text, ForeignKey("pieces.sku"), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("seen_price", BigInteger, nullable=False),
    CheckConstraint("n > 0", name="a_line_has_pieces"),
)

orders: Final = Table(
    "orders",
    tables,
    Column("id", Text, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("delivery_fee", BigInteger, nullable=False),
    Column("delivery_rate_bp", Integer, nullable=False),
    Column("address", Text),
    Column("slot", Text),
    Column("until", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("orders_of_a_customer", "customer", "created_at"),
    Index("orders_that_expire", "state", "until"),
)

order_lines: Final = Table(
    "order_lines",
    tables,
    Column("order_id", Text, ForeignKey("orders.id"), primary_key=True),
    Column("sku", Text, ForeignKey("pieces.sku"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("tax_class", Text, nullable=False),
    Column("rate_bp", Integer, nullable=False),
    CheckConstraint("n > 0", name="an_order_line_has_pieces"),
)

moves: Final = Table(
    "moves",
    tables,
    Column("order_id", Text, ForeignKey("orders.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
)
"""Every state an order has been in."""

slots: Final = Table(
    "slots",
    tables,
    Column("id", Text, primary_key=True),
    Column("capacity", Integer, nullable=False),
    Column("booked", Integer, nullable=False),
    CheckConstraint("booked >= 0 AND booked <= capacity", name="no_van_is_overbooked"),
)

payments: Final = Table(
    "payments",
    tables,
    Column("reference", Text, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    Column("provider", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("charge", Text, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
    Column("call_key", Text, nullable=False),
    Column("begun_at", Double, nullable=False),
    CheckConstraint("captured <= amount", name="nobody_is_overcharged"),
    CheckConstraint("refunded >= 0 AND refunded <= captured", name="no_more_is_refunded_than_captured"),
    Index("payments_by_state", "state"),
    Index("payments_of_an_order", "order_id"),
)

adjustments: Final = Table(
    "adjustments",
    tables,
    Column("id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", Text, ForeignKey("payments.reference")),
    Column("why", Text, nullable=False),
    Column("call_key", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("adjustments_of_an_order", "order_id"),
    Index("adjustments_by_state", "state"),
)

claims: Final = Table(
    "claims",
    tables,
    Column("id", Text, primary_key=True),
    Column("order_id", Text, ForeignKey("orders.id"), nullable=False),
    Column("sku", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("at", Double, nullable=False),
    Index("claims_of_an_order", "order_id"),
)

keys: Final = Table(
    "keys",
    tables,
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("result", Text),
    Column("until", Double, nullable=False),
)
"""Idempotency keys; no result means that the call has not ended."""

webhooks: Final = Table(
    "webhooks",
    tables,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
)

invoices: Final = Table(
    "invoices",
    tables,
    Column("reference", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("captured", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("due_at", Double),
    CheckConstraint("captured <= amount", name="an_invoice_is_not_overdrawn"),
    CheckConstraint("refunded >= 0 AND refunded <= captured", name="an_invoice_is_not_over_credited"),
)

credit_notes: Final = Table(
    "credit_notes",
    tables,
    Column("key", Text, primary_key=True),
    Column("reference", Text, ForeignKey("invoices.reference"), nullable=False),
    Column("amount", BigInteger, nullable=False),
)
"""Refunds of invoices, each under its own key."""
