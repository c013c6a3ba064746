"""The tables of the database, as the latest migration leaves them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Boolean, Column, DateTime, Float, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

NAMES = {"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}


class Moment(TypeDecorator):
    """A time with its zone, kept and returned in UTC, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"Expected a time with its zone. Received: {value!r}.")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)  # SQLite knows no zones


metadata = MetaData(naming_convention=NAMES)

predictions = Table(
    "predictions",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", String, nullable=False),
    Column("scan", String, nullable=False),
    Column("case", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("source", String, nullable=False),
    Column("model", String, nullable=False),
    Column("version", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("probability", Float),
    Column("threshold", Float, nullable=False),
    Column("label", String),
    Column("flags", String, nullable=False),  # codes, with a space between
    Column("seconds", Float, nullable=False),
    Column("unlikeness", Float),
    Column("width", Integer),
    Column("height", Integer),
    Column("mean", Float),
    Column("deviation", Float),
    Column("opinion", String),
    Column("opinion_blind", Boolean),
    Index(None, "at"),
    Index(None, "case", "model", "at"),
    Index(None, "scan"),
)

failures = Table(
    "failures",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", String, nullable=False),
    Column("source", String, nullable=False),
    Column("kind", String, nullable=False),
    Index(None, "at"),
)

feedback = Table(  # triggers let nobody change a row, and only `erasing` remove it
    "feedback",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("user", String, nullable=False),
    Column("case", String, nullable=False),
    Column("finding", String, nullable=False),
    Column("basis", String, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "case"),
)

erasing = Table(  # empty, but within a transaction that deletes feedback or its readers' names: see `retention`
    "erasing",
    metadata,
    Column("id", String, primary_key=True),
)

audit = Table(  # triggers let nobody change or remove a row; times and details as the text that was hashed
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("user", String, nullable=False),
    Column("action", String, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
)
