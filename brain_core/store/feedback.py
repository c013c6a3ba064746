"""Readers' feedback: added, never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Select, select

from brain_core import audit
from brain_core.errors import ConfigError, DeletedError
from brain_core.store import rows as convert
from brain_core.store.engine import reading, writing
from brain_core.store.insertion import add_new
from brain_core.store.records import BASES, FINDINGS, FeedbackRow
from brain_core.store.tables import feedback as table
from brain_core.store.tables import predictions
from brain_core.store.texts import tidy
from brain_core.store.verdict import Verdict, verdict

__all__ = ["LONGEST", "Verdict", "add", "every", "of_case", "verdict"]

LONGEST = 2000  # characters of the free text
DELETED = "This case was deleted meanwhile: nothing was recorded."


def add(row: FeedbackRow, event: audit.Event | None = None, *, awaited: bool = False) -> None:
    """Write it, and the event with it; one that is there already (by its id) is left alone.

    Args:
        awaited: whether predictions of its case are still to be written, so that there need not be one yet.

    Raises:
        ConfigError: finding or basis are unknown, or the text is too long.
        DeletedError: there is no prediction of its case.
        StoreError: nothing was written, or it cannot be told whether it was: try again with the same row.
    """
    for what, value, known in (("Finding", row.finding, FINDINGS), ("Basis", row.basis, BASES)):
        if value not in known:
            raise ConfigError(f"{what}: expected one of {', '.join(known)}. Received: {value!r:.40}.")
    if len(row.text) > LONGEST:
        raise ConfigError(f"Feedback: expected at most {LONGEST} characters. Received: {len(row.text)}.")
    row = replace(row, text=tidy(row.text, LONGEST))
    with writing() as connection:
        if not add_new(connection, table, [convert.from_feedback(row)]):
            return
        if not awaited and not _is_predicted(connection, row.case):  # looked at last: a deletion may have gone before
            raise DeletedError(DELETED)
        if event is not None:
            audit.record_in(connection, event)


def of_case(case: str) -> list[FeedbackRow]:
    """All of a case, the oldest first; raises `StoreError`."""
    return _read(_oldest_first().where(table.c.case == case))


def every(since: datetime | None = None) -> list[FeedbackRow]:
    """All of it, the oldest first; raises `StoreError`."""
    return _read(_oldest_first() if since is None else _oldest_first().where(table.c.at >= since))


def _is_predicted(connection: Connection, case: str) -> bool:
    return connection.execute(select(predictions.c.id).where(predictions.c.case == case).limit(1)).first() is not None


def _read(query: Select) -> list[FeedbackRow]:
    with reading() as connection:
        return [convert.to_feedback(row) for row in connection.execute(query)]


def _oldest_first() -> Select:
    return select(table).order_by(table.c.at, table.c.id)
