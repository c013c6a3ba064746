"""Adding rows once, however often they are written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from brain_core.store.engine import is_sqlite


def add_new(connection: Connection, table: Table, rows: Sequence[dict]) -> int:
    """Insert those whose id is not there yet; returns how many.

    They are written in the order of their ids, so that two who write the same rows wait for each other only one way.
    """
    if not rows:
        return 0
    dialect = sqlite if is_sqlite(connection) else postgresql
    statement = dialect.insert(table).on_conflict_do_nothing().returning(table.c.id)
    return len(connection.execute(statement, sorted(rows, key=lambda row: row["id"])).all())
