"""The first tables, and the index of the words that pieces are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make everything."""
    _goods()
    _orders()
    _money()
    _calls()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE pieces_words (sku text PRIMARY KEY REFERENCES pieces, words tsvector NOT NULL)")
        op.execute("CREATE INDEX pieces_by_words ON pieces_words USING gin (words)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE pieces_words USING fts5"
            "(sku UNINDEXED, kind, name, traits, materials, description, tokenize = 'porter unicode61')"
        )


def _goods() -> None:
    op.create_table(
        "pieces",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stands", sa.Integer(), nullable=False),
        sa.Column("rain", sa.Integer(), nullable=False),
        sa.Column("frost", sa.Integer(), nullable=False),
        sa.Column("sun", sa.Integer(), nullable=False),
        sa.Column("salt", sa.Integer(), nullable=False),
        sa.Column("width_mm", sa.Integer(), nullable=False),
        sa.Column("depth_mm", sa.Integer(), nullable=False),
        sa.Column("height_mm", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("price >= 0", name="price_is_an_amount"),
        sa.PrimaryKeyConstraint("sku"),
    )
    op.create_table(
        "stock",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.CheckConstraint("held >= 0", name="nothing_is_released_twice"),
        sa.CheckConstraint("on_hand >= 0", name="nothing_is_oversold"),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["pieces.sku"],
        ),
        sa.PrimaryKeyConstraint("sku"),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.CheckConstraint("booked >= 0 AND booked <= capacity", name="no_van_is_overbooked"),
        sa.PrimaryKeyConstraint("id"),
    )


def _orders() -> None:
    op.create_table(
        "carts",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("customer"),
    )
    op.create_table(
        "cart_lines",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("seen_price", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("n > 0", name="a_line_has_pieces"),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["carts.customer"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["pieces.sku"],
        ),
        sa.PrimaryKeyConstraint("customer", "sku"),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("delivery_fee", sa.BigInteger(), nullable=False),
        sa.Column("delivery_rate_bp", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("orders_of_a_customer", "orders", ["customer", "created_at"], unique=False)
    op.create_index("orders_that_expire", "orders", ["state", "until"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("tax_class", sa.Text(), nullable=False),
        sa.Column("rate_bp", sa.Integer(), nullable=False),
        sa.CheckConstraint("n > 0", name="an_order_line_has_pieces"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sku"],
            ["pieces.sku"],
        ),
        sa.PrimaryKeyConstraint("order_id", "sku"),
    )
    op.create_table(
        "moves",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
        ),
        sa.PrimaryKeyConstraint("order_id", "seq"),
    )


def _money() -> None:
    op.create_table(
        "payments",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("charge", sa.Text(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("call_key", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.CheckConstraint("captured <= amount", name="nobody_is_overcharged"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= captured", name="no_more_is_refunded_than_captured"),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
        ),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_index("payments_by_state", "payments", ["state"], unique=False)
    op.create_index("payments_of_an_order", "payments", ["order_id"], unique=False)
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("call_key", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["payments.reference"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("adjustments_by_state", "adjustments", ["state"], unique=False)
    op.create_index("adjustments_of_an_order", "adjustments", ["order_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("claims_of_an_order", "claims", ["order_id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("captured", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.CheckConstraint("captured <= amount", name="an_invoice_is_not_overdrawn"),
        sa.CheckConstraint("refunded >= 0 AND refunded <= captured", name="an_invoice_is_not_over_credited"),
        sa.PrimaryKeyConstraint("reference"),
    )
    op.create_table(
        "credit_notes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference"],
            ["invoices.reference"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )


def _calls() -> None:
    op.create_table(
        "keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
