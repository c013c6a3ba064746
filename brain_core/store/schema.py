"""The schema's revision: checked at every start, brought up to date by alembic where it is behind."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect

from brain_core.errors import StoreError

REVISION = "0001"  # the latest in migrations/versions
LOCK = 0x425241494E01  # of PostgreSQL's advisory locks: who holds it migrates
MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(connection: Connection) -> bool:
    """Whether nothing needs to be done.

    Raises:
        StoreError: the schema is of a revision that this BRAIN does not know.
    """
    found = revision(connection)
    if found not in (None, REVISION) and found not in _known():
        raise StoreError(
            f"The prediction store was made by another BRAIN: its schema is {found:.20}, this one knows "
            f"up to {REVISION}. Update BRAIN, or name another database."
        )
    return found == REVISION


def revision(connection: Connection) -> str | None:
    """As the database says; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def upgrade(connection: Connection) -> None:
    """Make or change the tables within the transaction of ``connection``: others wait, and see all of it or nothing.

    Raises:
        StoreError: as `is_current`, or there are tables of these names that no migration made.
    """
    if connection.dialect.name != "sqlite":  # SQLite's transaction locks the database itself
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    if is_current(connection):  # another process was first
        return
    if revision(connection) is None and inspect(connection).has_table("predictions"):
        raise StoreError(
            "The prediction store's database holds tables that this program did not make. Name another database."
        )
    logging.getLogger("alembic").setLevel(logging.WARNING)  # its remarks would stand between the results of a command
    from alembic import command  # takes a quarter of a second

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config():
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _known() -> list[str]:
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
