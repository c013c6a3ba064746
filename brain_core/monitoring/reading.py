"""From the store to columns: the rows of a period and the few columns that the monitor looks at, samples left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from brain_core.monitoring.columns import ALONE, FIELDS, Columns, Failures
from brain_core.store.records import FeedbackRow, Source

AT_ONCE = 500  # rows; more objects at once would wake Python's garbage collector, which takes longer than the reading


@dataclass(frozen=True, eq=False)
class Period:
    """What the store holds from a time on.

    Attributes:
        since: None for all.
        confirmable: ``predictions``, and older ones of cases that readers said something of since then: a biopsy comes
            weeks after the scan.
        feedback: on these cases, all of it, the oldest first.
    """

    since: datetime | None
    predictions: Columns
    confirmable: Columns
    failures: Failures
    feedback: tuple[FeedbackRow, ...]

    def from_(self, since: datetime) -> Period:
        """The later part of it."""
        if self.since is not None and since <= self.since:
            return self
        told = {row.case for row in self.feedback if row.at >= since}
        return Period(
            since,
            self.predictions.since(since),
            self.confirmable,
            self.failures.since(since),
            tuple(row for row in self.feedback if row.case in told),
        )


@dataclass(frozen=True)
class Totals:
    """Of all that the store holds: predictions by (model, version), failures by kind."""

    predictions: dict[tuple[str, str], int]
    failures: dict[str, int]


def read(since: datetime | None = None) -> Period:
    """From that time on; raises `StoreError`."""
    from brain_core.store import feedback, predictions

    every = feedback.every()
    told = {row.case for row in every if since is None or row.at >= since}
    every_row = Columns.of_values(_columns(since))
    return Period(
        since,
        every_row if since is None else every_row.since(since),
        every_row,
        Failures.of(predictions.failures(since)),
        tuple(row for row in every if row.case in told),
    )


def totals() -> Totals:
    """Raises `StoreError`."""
    from sqlalchemy import func, select

    from brain_core.store.engine import reading
    from brain_core.store.tables import failures, predictions

    model, version = predictions.c.model, predictions.c.version
    counts = select(model, version, func.count()).group_by(model, version)
    kinds = select(failures.c.kind, func.count()).group_by(failures.c.kind)
    with reading() as connection:
        scored = connection.execute(counts.where(predictions.c.source != Source.SAMPLE.value)).all()
        failed = connection.execute(kinds.where(failures.c.source != Source.SAMPLE.value)).all()
    return Totals({(model, version): n for model, version, n in scored}, {kind: n for kind, n in failed})


def _columns(since: datetime | None) -> dict[str, list]:
    """Of `Period.confirmable`, a list a field."""
    from sqlalchemy import String, select, type_coerce

    from brain_core.store.engine import reading
    from brain_core.store.tables import feedback
    from brain_core.store.tables import predictions as table

    special = {ALONE: table.c.scan == table.c.case, "at": type_coerce(table.c.at, String)}  # as the driver has it: fast
    query = select(*(special.get(name, table.c.get(name)).label(name) for name in FIELDS))
    query = query.where(table.c.source != Source.SAMPLE.value)
    queries = [query]
    if since is not None:
        told = select(feedback.c.case).where(feedback.c.at >= since)
        queries = [query.where(table.c.at < since, table.c.case.in_(told)), query.where(table.c.at >= since)]
    found: dict[str, list] = {name: [] for name in FIELDS}
    with reading() as connection:
        for each in queries:
            for rows in connection.execute(each).partitions(AT_ONCE):
                for values, more in zip(found.values(), zip(*rows, strict=True), strict=True):
                    values.extend(more)
    return found
