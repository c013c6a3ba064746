"""Predictions and failures: written once, in one transaction with their entry in the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Select, Table, select

from brain_core import audit
from brain_core.errors import ConfigError
from brain_core.store import retention
from brain_core.store import rows as convert
from brain_core.store.engine import reading, writing
from brain_core.store.insertion import add_new
from brain_core.store.records import FINDINGS, FailureRow, PredictionRow, Source
from brain_core.store.tables import failures as failures_table
from brain_core.store.tables import predictions as table

AT_ONCE = 1000  # ids in one statement


def add(rows: Sequence[PredictionRow], failures: Sequence[FailureRow] = (), event: audit.Event | None = None) -> None:
    """Write all of them or none; what is there already (by its id) is left alone.

    Args:
        event: recorded with them; not where all were there already, so that it is safe to try again.

    Raises:
        StoreError: nothing was written, or it cannot be told whether it was: try again with the same rows.
    """
    with writing() as connection:
        new = add_new(connection, table, [convert.from_prediction(row) for row in rows])
        new += add_new(connection, failures_table, [convert.from_failure(row) for row in failures])
        if event is not None and (new or not (rows or failures)):
            audit.record_in(connection, event)
    retention.when_due()


def set_opinion(ids: Sequence[str], opinion: str, blind: bool, event: audit.Event | None = None) -> None:
    """Note the reader's first opinion with these predictions, but where there is one already.

    Args:
        opinion: one of `FINDINGS`.
        blind: whether it was given before any result was on screen.
        event: recorded where any was noted.

    Raises:
        ConfigError: the opinion is something else.
        StoreError: nothing was written.
    """
    if opinion not in FINDINGS:
        raise ConfigError(f"Opinion: expected one of {', '.join(FINDINGS)}. Received: {opinion!r:.40}.")
    with writing() as connection:
        changed = 0
        for part in in_parts(sorted(ids)):
            statement = table.update().where(table.c.id.in_(part), table.c.opinion.is_(None))
            changed += connection.execute(statement.values(opinion=opinion, opinion_blind=blind)).rowcount
        if event is not None and changed:
            audit.record_in(connection, event)


def read(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    models: Sequence[str] | None = None,
    samples: bool = False,
) -> list[PredictionRow]:
    """The oldest first; raises `StoreError`.

    Args:
        since, until: from this time on, and before that one.
        models: of these only.
        samples: whether those of samples count.
    """
    query = _between(table, since, until, samples)
    if models is not None:
        query = query.where(table.c.model.in_(models))
    with reading() as connection:
        return [convert.to_prediction(row) for row in connection.execute(query).all()]


def failures(since: datetime | None = None, until: datetime | None = None, samples: bool = False) -> list[FailureRow]:
    """As `read`."""
    with reading() as connection:
        found = connection.execute(_between(failures_table, since, until, samples))
        return [convert.to_failure(row) for row in found]


def in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at a time as fit into one statement."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _between(source: Table, since: datetime | None, until: datetime | None, samples: bool) -> Select:
    query = select(source).order_by(source.c.at, source.c.id)
    if since is not None:
        query = query.where(source.c.at >= since)
    if until is not None:
        query = query.where(source.c.at < until)
    return query if samples else query.where(source.c.source != Source.SAMPLE.value)
