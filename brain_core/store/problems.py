"""Why a database did not do what was asked, in words that hold no password, no value and no address."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError

from brain_core.errors import StoreError

REASONS = {  # what psycopg's messages hold, in lower case, and what it means; they may hold what must not be told
    "password authentication failed": "it does not accept the user and password of BRAIN_DATABASE_URL",
    "no password supplied": "it asks for a password, and BRAIN_DATABASE_URL has none",
    "no pg_hba.conf entry": "it does not let this machine or user in (pg_hba.conf)",
    "too many clients": "it serves too many connections already",
    "remaining connection slots": "it serves too many connections already",
    "connection refused": "nothing answers at its address (BRAIN_DATABASE_URL)",
    "failed to resolve host": "its host is not known (BRAIN_DATABASE_URL)",
    "name or service not known": "its host is not known (BRAIN_DATABASE_URL)",
    "could not translate host": "its host is not known (BRAIN_DATABASE_URL)",
    "timeout expired": "it does not answer",
    "no route to host": "it does not answer",
    "the database system is": "it is starting or stopping",
    "certificate verify failed": "its certificate is not trusted",
    "server does not support ssl": "it does not speak TLS, and BRAIN_DATABASE_URL asks for it",
    "server closed the connection": "it closed the connection",
    "terminating connection": "it closed the connection",
    "connection is closed": "it closed the connection",
    "connection is lost": "it closed the connection",
    "does not exist": "there is no such database, user or table",
    "permission denied": "its user lacks a right",
    "lock timeout": "others have been writing for too long",
    "is append-only": "the audit log and readers' feedback are append-only",
}


@contextmanager
def told(what: str = "The prediction store cannot be used") -> Iterator[None]:
    """Errors of database and files become `StoreError`; the original is not shown, since it may hold values."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(f"{what}: {reason(error)}.") from None


def reason(error: Exception) -> str:
    """Half a sentence."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    original = error.orig if isinstance(error, DBAPIError | StatementError) else error
    if isinstance(original, sqlite3.Error):
        return str(original)  # SQLite's messages name tables and columns, never values
    text = str(original).lower()
    for part, meaning in REASONS.items():
        if part in text:
            return meaning
    state = getattr(original, "sqlstate", None)
    return type(original).__name__ + (f", SQLSTATE {state}" if state else "")
