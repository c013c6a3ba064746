"""Deletion: what is older than it may be, one case, and one user's name.

Feedback is append-only to everybody else: triggers refuse to remove it unless the table ``erasing`` holds a row, which
is written, used and taken away within one transaction and so never seen by another. Nothing may change what a reader
said, not even here. The audit log is never changed: it would not prove anything any more. It holds names and keys, no
findings.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from brain_core import audit
from brain_core.errors import ConfigError, StoreError
from brain_core.settings import settings
from brain_core.store import kept, wal
from brain_core.store.engine import is_sqlite, reading, writing
from brain_core.store.problems import told
from brain_core.store.records import new_id, now
from brain_core.store.tables import erasing, failures, feedback, predictions

STAMP = "retention.stamp"  # its time is when old predictions were deleted last
DAY = 24 * 3600  # seconds
RETENTION = "retention"  # who deletes where nobody is named
TABLES_WITH_NAMES = (predictions, failures, feedback)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deleted:
    """How many rows and kept scans."""

    predictions: int = 0
    failures: int = 0
    feedback: int = 0
    kept: int = 0

    @property
    def nothing(self) -> bool:
        return self == Deleted()


def apply(days: int | None = None, *, user: str = RETENTION) -> Deleted:
    """Delete predictions with their opinions, feedback and kept scans that are older than so many days, and failures.

    A case keeps its feedback and its pixels as long as a younger prediction of it is there.

    Args:
        days: None for what the settings say, where nothing is deleted by default.
        user: who asks, for the audit log.

    Raises:
        ConfigError: the number of days is not positive.
        StoreError: the rows were not deleted; kept scans may be gone already.
    """
    if (cutoff := _cutoff(days)) is None:
        return Deleted()
    with kept.deleting(), _erasing() as connection:
        pixels = kept.delete(_old_kept(connection, cutoff))
        said = connection.execute(feedback.delete().where(_old_feedback(cutoff))).rowcount  # while its cases are there
        predicted = connection.execute(predictions.delete().where(predictions.c.at < cutoff)).rowcount
        failed = connection.execute(failures.delete().where(failures.c.at < cutoff)).rowcount
        removed = Deleted(predicted, failed, said, pixels)
        if not removed.nothing:
            details = {"what": "older", "before": cutoff.isoformat(timespec="seconds")}
            audit.record_in(connection, audit.Event(audit.actions.DELETE, user, details | asdict(removed)))
    return removed


def due(days: int | None = None) -> Deleted:
    """What `apply` would delete now; raises as it does."""
    if (cutoff := _cutoff(days)) is None:
        return Deleted()
    with reading() as connection:
        return Deleted(
            feedback=_count(connection, feedback, _old_feedback(cutoff)),
            predictions=_count(connection, predictions, predictions.c.at < cutoff),
            failures=_count(connection, failures, failures.c.at < cutoff),
            kept=len(kept.keys() & set(_old_kept(connection, cutoff))),
        )


def delete_case(key: str, *, user: str = RETENTION) -> Deleted:
    """Delete all that the store holds of a case: predictions of its slices too, feedback, kept scans.

    Raises:
        ConfigError: this is no case's key.
        StoreError: the rows were not deleted; kept scans may be gone already.
    """
    if not kept.KEY.fullmatch(key):
        raise ConfigError("Case: expected its key of 64 hexadecimal digits. Received something else.")
    with kept.deleting(), _erasing() as connection:
        pixels = kept.delete(_kept_of(connection, key))
        said = connection.execute(feedback.delete().where(feedback.c.case == key)).rowcount
        predicted = connection.execute(predictions.delete().where(predictions.c.case == key)).rowcount
        removed = Deleted(predicted, feedback=said, kept=pixels)
        if not removed.nothing:
            event = audit.Event(audit.actions.DELETE, user, {"what": "case", "case": key} | asdict(removed))
            audit.record_in(connection, event)
    return removed


def delete_user(name: str, *, user: str = RETENTION) -> int:
    """Put a name that tells nothing in place of a user's in predictions and feedback; returns of how many rows.

    Their feedback stays one reader's. The audit log keeps the name: who did what is what it is there to prove, and a
    change would break its chain; its entry of this deletion does not tell the new name.

    Raises:
        StoreError: nothing was changed.
    """
    other, changed = f"deleted user {new_id()[:8]}", 0
    with _erasing() as connection:
        for table in TABLES_WITH_NAMES:
            changed += connection.execute(table.update().where(table.c.user == name).values(user=other)).rowcount
        if changed:
            event = audit.Event(audit.actions.DELETE, user, {"what": "user", "rows": changed})
            audit.record_in(connection, event)
    return changed


def when_due() -> None:
    """`apply` what the settings say, once a day at most; where that fails it is logged and tried again a day later."""
    stamp = settings().home / STAMP
    if settings().store.retention_days is None:
        return
    try:
        with told():
            if stamp.exists() and now().timestamp() - stamp.stat().st_mtime < DAY:
                return
            stamp.parent.mkdir(parents=True, exist_ok=True)  # nobody may have predicted yet
            stamp.touch()
        apply()
    except StoreError as error:
        _log.warning("Old predictions were not deleted. %s", error)


@contextmanager
def _erasing() -> Iterator[Connection]:
    """Feedback that is added meanwhile waits for the end of it, so that it never stays behind without its case."""
    with writing() as connection:
        if not is_sqlite(connection):  # whose writers wait for each other anyhow
            connection.exec_driver_sql("LOCK TABLE feedback IN SHARE ROW EXCLUSIVE MODE")
        permit = new_id()
        connection.execute(erasing.insert().values(id=permit))
        yield connection
        connection.execute(erasing.delete().where(erasing.c.id == permit))
    wal.empty()


def _cutoff(days: int | None) -> datetime | None:
    days = settings().store.retention_days if days is None else days
    if days is None:
        return None
    if days < 1:
        raise ConfigError(f"Days: expected a positive whole number. Received: {days}.")
    return now() - timedelta(days=days)


def _old_feedback(cutoff: datetime) -> ColumnElement[bool]:
    """Of cases all of whose predictions are old, and old feedback of cases without any."""
    case = predictions.c.case
    going = select(case).group_by(case).having(func.max(predictions.c.at) < cutoff)
    orphan = and_(feedback.c.at < cutoff, feedback.c.case.not_in(select(case)))
    return or_(feedback.c.case.in_(going), orphan)


def _old_kept(connection: Connection, cutoff: datetime) -> Sequence[str]:
    """Of cases all of whose predictions are old, and old files without any, which a crash may leave."""
    case, own = predictions.c.case, predictions.c.scan == predictions.c.case
    newest = dict(connection.execute(select(case, func.max(predictions.c.at)).where(own).group_by(case)).all())
    going = [key for key, at in newest.items() if at < cutoff]
    return going + [key for key in kept.keys() - newest.keys() if kept.modified(key) < cutoff]


def _kept_of(connection: Connection, key: str) -> set[str]:
    """Its own, and its slices that are not cases of their own: a kept file belongs to the case of the same key."""
    scan, case = predictions.c.scan, predictions.c.case
    slices = set(connection.execute(select(scan).where(case == key)).scalars())
    others = select(case).where(case == scan, case != key, scan.in_(select(scan).where(case == key)))
    return {key} | slices - set(connection.execute(others).scalars())


def _count(connection: Connection, table, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
