"""What is kept of predictions, where, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from brain_core.settings import values


@dataclass(frozen=True)
class StoreSettings:
    """The prediction store.

    Attributes:
        url: of the database, as SQLAlchemy takes it (``BRAIN_DATABASE_URL``, such as
            ``postgresql+psycopg://user:password@host/brain``); without it, SQLite below ``BRAIN_HOME``. It may hold a
            password: never to be shown or logged.
        keep_scans: whether the pixels of scans are kept, so that confirmed ones can be learned from
            (``BRAIN_KEEP_SCANS``, default no).
        retention_days: older predictions, with their opinions, feedback and kept scans, are deleted
            (``BRAIN_RETENTION_DAYS``; default: none are).
    """

    url: str | None = field(default=None, repr=False)
    keep_scans: bool = False
    retention_days: int | None = None

    @staticmethod
    def from_environment(environment: values.Environment) -> StoreSettings:
        """Raises `ConfigError` where a value is not of its kind."""
        return StoreSettings(
            url=environment.get("BRAIN_DATABASE_URL") or None,
            keep_scans=values.switch(environment, "BRAIN_KEEP_SCANS", StoreSettings.keep_scans),
            retention_days=values.positive(environment, "BRAIN_RETENTION_DAYS", None),
        )
