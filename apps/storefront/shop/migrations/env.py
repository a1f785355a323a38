"""What alembic runs: the steps, on the connection and in the transaction it is given."""

from alembic import context

from apps.storefront.shop.schema import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables)
with context.begin_transaction():
    context.run_migrations()
