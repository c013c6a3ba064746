"""SQLite's write-ahead log: a file beside the database that still holds what was deleted, until it is emptied."""

from __future__ import annotations

import logging

from brain_core.errors import StoreError
from brain_core.store.engine import PATIENCE, engine, is_sqlite
from brain_core.store.problems import told

SHORT = 2  # seconds to wait for others: nobody can write meanwhile
LEFT = "What was deleted may be readable in the file of SQLite's write-ahead log until it is next emptied: %s"

_log = logging.getLogger(__name__)


def empty() -> None:
    """Move it into the database and cut it to nothing; called after a transaction that deleted, outside of it.

    Where others are reading or writing all the time, or where it fails, that is logged: the deletion itself is done.
    """
    try:
        emptied = _emptied()
    except StoreError as error:
        _log.warning(LEFT, error)
    else:
        if not emptied:
            _log.warning(LEFT, "others were using the database.")


def _emptied() -> bool:
    found = engine()
    if not is_sqlite(found):
        return True
    with told(), found.connect() as connection:
        execute = connection.connection.driver_connection.execute  # no transaction: SQLite refuses it within one
        execute(f"PRAGMA busy_timeout = {round(SHORT * 1000)}")
        try:
            busy, *_ = execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
        return not busy
