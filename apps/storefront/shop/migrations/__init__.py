"""Bringing a database to the tables this version of the shop works with: alembic, in one transaction.

Two processes that open a shop at once do it one after the other.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from apps.storefront.shop.errors import NewerDatabase

_LOCK: Final = 7_063_881
"""Any number, the same for all processes that open a shop."""


def migrate(db: Connection) -> None:
    """Make the tables, or bring them up to date.

    Raises:
        NewerDatabase: They were made by a newer version of the shop.
    """
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = db
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    applied = MigrationContext.configure(db).get_current_revision()
    if applied is not None and applied not in known:
        raise NewerDatabase(
            f"the shop's database has tables of version {applied!r}, and this version of the shop knows "
            f"{', '.join(sorted(known))}; use the version that made it, or another database"
        )
    command.upgrade(config, "head")
