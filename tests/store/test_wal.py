"""What is deleted cannot be read in SQLite's files any more."""

import logging
import sqlite3
import subprocess
from collections.abc import Iterator

import pytest

from brain_core.store import engine, feedback, predictions, retention, wal
from tests.store.databases import close
from tests.store.sample_rows import feedback as said
from tests.store.sample_rows import key, prediction

MARK = "MARKER-OF-A-DELETED-PATIENT"
pytestmark = pytest.mark.usefixtures("sqlite")


@pytest.fixture
def other(settings) -> Iterator[sqlite3.Connection]:
    """Another program's connection, open and idle, which keeps the write-ahead log alive."""
    with engine.reading():  # the file is there
        pass
    found = sqlite3.connect(settings.home / engine.FILE, isolation_level=None)
    found.execute("SELECT count(*) FROM feedback").fetchall()
    yield found
    found.close()


def marked() -> None:
    for name in ("one", "two", "three"):
        predictions.add([prediction(name, user=f"user {MARK}")])
        feedback.add(said(name, user=f"user {MARK}", text=f"{name} {MARK} " + "x" * 1900))


def found_in(settings) -> dict[str, int]:
    """How often the marker stands in each file; read by another process, whose end takes none of our locks."""
    names = [engine.FILE, f"{engine.FILE}-wal"]
    read = {name: subprocess.run(["cat", settings.home / name], capture_output=True, check=True) for name in names}
    return {name: each.stdout.count(MARK.encode()) for name, each in read.items()}


@pytest.mark.parametrize("where", ["the log", "the database"])
def test_what_is_deleted_is_in_no_file(settings, other, where):
    marked()
    if where == "the database":
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sum(found_in(settings).values()) > 0
    for name in ("one", "two", "three"):
        retention.delete_case(key(name))
    assert found_in(settings) == {"brain.sqlite": 0, "brain.sqlite-wal": 0}


def test_a_deleted_users_name_is_in_no_file(settings, other):
    predictions.add([prediction(user=MARK)])
    retention.delete_user(MARK)
    assert found_in(settings) == {"brain.sqlite": 0, "brain.sqlite-wal": 0}


def test_where_others_read_all_the_time_that_is_logged(other, monkeypatch, caplog):
    marked()
    monkeypatch.setattr(wal, "SHORT", 0.05)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM feedback").fetchall()
    with caplog.at_level(logging.WARNING):
        assert retention.delete_case(key("one")).feedback == 1
    assert caplog.messages == [wal.LEFT % "others were using the database."]
    with engine.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == engine.PATIENCE * 1000


def test_where_it_fails_that_is_logged(monkeypatch, caplog, set_environment):
    set_environment(BRAIN_DATABASE_URL="mysql://u:hidden@localhost/x")
    with caplog.at_level(logging.WARNING):
        wal.empty()
    (message,) = caplog.messages
    assert "expected a URL of PostgreSQL" in message and "hidden" not in message
    set_environment(BRAIN_DATABASE_URL="")
    close()
