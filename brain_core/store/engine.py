"""The connection to the database: one engine a process and URL, its schema made or brought up to date on first use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from brain_core.errors import StoreError
from brain_core.settings import settings
from brain_core.store import schema
from brain_core.store.problems import told

FILE = "brain.sqlite"
PATIENCE = 30  # seconds to wait for others who write, which takes milliseconds
CONNECT = {"connect_timeout": 5, "application_name": "brain"}  # seconds; the URL may say otherwise
CONNECTIONS = 5  # kept open a process
MORE_CONNECTIONS = 25  # opened while more sessions than these are at it at once
SQLITE, POSTGRESQL = "sqlite", "postgresql"
WRITES = "brain_writes"
NO_URL = (
    "BRAIN_DATABASE_URL is not a database's URL, as in postgresql+psycopg://user:password@host/brain. Other characters "
    "than letters and digits in user and password are percent-encoded."
)


def engine() -> Engine:
    """Of the database in the settings, ready to be used; safe to be shared by threads.

    Raises:
        StoreError: the database cannot be reached, or a newer BRAIN made it.
    """
    with told():
        return _ready(_url(), os.getpid())


@contextmanager
def reading() -> Iterator[Connection]:
    """A transaction that sees one state of the database; raises `StoreError`."""
    found = engine()
    options = {} if is_sqlite(found) else {"isolation_level": "REPEATABLE READ"}  # SQLite's always see one state
    with told(), found.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """A transaction that is on the disk when the block ends well, and leaves nothing when not; raises `StoreError`."""
    with told(), engine().connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        yield connection


def migrate() -> None:
    """Make the schema, or bring it up to date, under a lock; done on first use too.

    Raises:
        StoreError: the database cannot be reached, or a newer BRAIN made it.
    """
    with told():
        _prepare(_engine(_url(), os.getpid()))


def problem() -> str | None:
    """Why the store cannot be used now, fit to show; None where it can."""
    try:
        with reading() as connection:
            connection.exec_driver_sql("SELECT 1")
    except StoreError as error:
        return str(error)
    return None


def shown() -> str:
    """Which database, without a password; raises `StoreError` where the settings name none."""
    with told():
        return _url().set(query={}).render_as_string(hide_password=True)  # a query may hold a password too


def is_sqlite(connection: Connection | Engine) -> bool:
    return connection.dialect.name == SQLITE


@cache
def _ready(url: URL, process: int) -> Engine:
    found = _engine(url, process)
    _prepare(found)
    return found


@cache
def _engine(url: URL, process: int) -> Engine:
    """Nothing is connected yet.

    Args:
        process: a forked process must not use the connections of its parent, hence an engine of its own.
    """
    options = {"pool_size": CONNECTIONS, "max_overflow": MORE_CONNECTIONS}
    if url.get_backend_name() == SQLITE:
        made = create_engine(url, hide_parameters=True, connect_args={"timeout": PATIENCE}, **options)
        event.listen(made, "connect", _set_up_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    made = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted meanwhile is no error
        isolation_level="READ COMMITTED",  # whoever waited for the audit log's lock must see its latest entry
        connect_args={name: value for name, value in CONNECT.items() if name not in url.query},
        **options,
    )
    event.listen(made, "connect", _set_up_postgresql)
    return made


def _url() -> URL:
    """With its password."""
    if settings().store.url is None:
        return URL.create(SQLITE, database=str(settings().home / FILE))
    try:
        url = make_url(settings().store.url)
    except (ArgumentError, ValueError):  # which may tell a password that was not percent-encoded
        raise StoreError(NO_URL) from None
    if "@" in (url.host or ""):  # the end of such a password
        raise StoreError(NO_URL)
    backend = url.drivername.split("+")[0]
    if backend in ("postgres", POSTGRESQL):
        return url.set(drivername=f"{POSTGRESQL}+psycopg")
    if backend != SQLITE or not url.database or url.database.startswith((":memory:", "file:")):
        raise StoreError("BRAIN_DATABASE_URL: expected a URL of PostgreSQL or of an SQLite file. Received another.")
    return url.set(drivername=SQLITE)


def _prepare(found: Engine) -> None:
    if is_sqlite(found):
        with _only_one(Path(found.url.database)) as path:
            _create(path)
            with found.connect() as connection:  # no transaction: SQLite refuses the change within one
                connection.connection.driver_connection.execute("PRAGMA journal_mode = WAL")
    with found.connect() as connection:
        if schema.is_current(connection):
            return
    with found.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        schema.upgrade(connection)


def _create(path: Path) -> None:
    """An empty file that nobody else may read: it will hold names and free texts.

    One that is there is never opened: closing it would take away the locks that SQLite holds on it in other threads
    (https://www.sqlite.org/howtocorrupt.html, 2.2), and others would write over what these write.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def _only_one(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            yield path
    except Timeout:
        raise StoreError("The prediction store is being set up by another process. Try again.") from None


def _set_up_sqlite(connection, record) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins transactions, not the driver at the first change
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # what was reported as recorded survives a power cut too
    connection.execute("PRAGMA secure_delete = ON")  # zeros in place of what was deleted


def _begin_sqlite(connection: Connection) -> None:
    """Whoever is going to write takes the lock at once: one who read first could not take it any more."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_postgresql(connection, record) -> None:
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
    connection.commit()
