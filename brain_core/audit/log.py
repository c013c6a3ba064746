"""The log in the database: one writer at a time adds to its end; triggers refuse every change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from brain_core.audit.actions import ACTIONS
from brain_core.audit.chain import START, Line, Verification, canonical, digest
from brain_core.audit.chain import verify as verify_chain
from brain_core.audit.event import Entry, Event, Value
from brain_core.errors import StoreError
from brain_core.store.engine import is_sqlite, reading, writing
from brain_core.store.records import now
from brain_core.store.tables import audit as table
from brain_core.store.texts import tidy

LOCK = 0x425241494E02  # of PostgreSQL's advisory locks: who holds it adds to the log
LONGEST = 300  # characters of a user's name and of a detail
AT_ONCE = 1000  # rows that are read in one go


def record(event: Event) -> None:
    """Add to the log; raises `StoreError`."""
    with writing() as connection:
        record_in(connection, event)


def record_in(connection: Connection, event: Event) -> None:
    """Add to the log within a transaction of `brain_core.store.engine.writing`, last of all: others wait until it ends.

    Raises:
        ValueError: the action is none of `ACTIONS`, or a detail is not a text or finite number.
    """
    if event.action not in ACTIONS:
        raise ValueError(f"Expected an action of {ACTIONS}. Received: {event.action!r}.")
    details = canonical(_tidy(event.details))
    if not is_sqlite(connection):  # whose transaction lets only one write as it is
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    last = connection.execute(_newest().limit(1)).first()
    number, previous = (last.number + 1, last.hash) if last else (1, START)
    at, user = _text(now()), tidy(event.user, LONGEST)
    line = (number, at, user, event.action, details, previous)
    names = ("number", "at", "user", "action", "details", "previous", "hash")
    connection.execute(table.insert(), dict(zip(names, (*line, digest(*line)), strict=True)))


def entries(
    since: datetime | None = None, user: str | None = None, action: str | None = None, limit: int | None = 1000
) -> list[Entry]:
    """The latest first; raises `StoreError`."""
    query = _newest().limit(limit)
    if since is not None:
        query = query.where(table.c.at >= _text(since))
    if user is not None:
        query = query.where(table.c.user == user)
    if action is not None:
        query = query.where(table.c.action == action)
    with reading() as connection:
        return [_entry(row) for row in connection.execute(query)]


def head() -> str:
    """Hash of the latest entry, to be kept elsewhere; `START` where there is none. Raises `StoreError`."""
    with reading() as connection:
        return connection.execute(_newest().with_only_columns(table.c.hash).limit(1)).scalar() or START


def verify(kept_head: str | None = None) -> Verification:
    """Whether the log is whole, and whether a head kept before is in it; raises `StoreError`."""
    with reading() as connection:
        return verify_chain(_lines(connection), kept_head)


def _lines(connection: Connection) -> Iterator[Line]:
    query = select(table).order_by(table.c.number).execution_options(yield_per=AT_ONCE)
    for row in connection.execute(query):
        yield Line(*row)


def _newest():
    return select(table).order_by(table.c.number.desc())


def _entry(row) -> Entry:
    try:
        at, details = datetime.fromisoformat(row.at), json.loads(row.details)
    except (TypeError, ValueError):
        raise StoreError(f"Entry {row.number} of the audit log was changed: see 'audit verify'.") from None
    return Entry(row.number, at, row.user, row.action, details, row.previous, row.hash)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _tidy(details: Mapping[str, Value]) -> dict[str, Value]:
    wrong = [name for name, value in details.items() if not isinstance(value, str | int | float | bool)]
    if wrong:
        raise ValueError(f"Expected texts and numbers as details. Received something else: {wrong}.")
    return {name: tidy(value, LONGEST) if isinstance(value, str) else value for name, value in details.items()}
