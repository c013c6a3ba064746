"""Which database, how it is reached, and what is said where it is not."""

import os
import socket
import stat
import threading
import traceback

import pytest

from brain_core.errors import StoreError
from brain_core.store import engine, feedback, predictions
from tests.store import databases, postgres
from tests.store.sample_rows import feedback as said
from tests.store.sample_rows import prediction

SECRET = "s3cr3t-w0rd"


def told(url: str, set_environment) -> str:
    """The problem, after a look at all that a log would hold of it."""
    set_environment(BRAIN_DATABASE_URL=url)
    with pytest.raises(StoreError) as caught:
        predictions.read()
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown and "Traceback" not in shown.split("\n", 1)[1]
    assert engine.problem() == str(caught.value)
    return str(caught.value)


def test_sqlite_is_the_default_and_nobody_else_may_read_it(sqlite, settings):
    predictions.add([prediction()])
    file = settings.home / "brain.sqlite"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert engine.shown() == f"sqlite:///{file}"
    with engine.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "secure_delete")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "secure_delete": 1,
    }


def test_a_home_with_unusual_letters(sqlite, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path / "a b%20?c=d#é@x:y")
    predictions.add([prediction()])
    assert (tmp_path / "a b%20?c=d#é@x:y" / "brain.sqlite").is_file()


def test_sqlite_elsewhere(sqlite, set_environment, tmp_path):
    set_environment(BRAIN_DATABASE_URL=f"sqlite:///{tmp_path}/else/where.sqlite")
    predictions.add([prediction()])
    assert len(predictions.read()) == 1
    assert (tmp_path / "else" / "where.sqlite").is_file()


@pytest.mark.parametrize("driver", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql(postgresql, settings, set_environment, driver):
    set_environment(BRAIN_DATABASE_URL=settings.store.url.replace("postgresql", driver, 1))
    assert engine.problem() is None
    assert postgres.PASSWORD not in engine.shown() and ":***@" in engine.shown()
    databases.close()


def test_engines_are_shared_by_threads_and_kept(database):
    found = set()
    engine.engine()
    threads = [threading.Thread(target=lambda: found.add(engine.engine())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {engine.engine()}


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://user:{SECRET}@localhost/brain",
        f"oracle://user:{SECRET}@localhost/brain",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_other_databases_are_refused(set_environment, url):
    assert told(url, set_environment) == (
        "BRAIN_DATABASE_URL: expected a URL of PostgreSQL or of an SQLite file. Received another."
    )


@pytest.mark.parametrize("url", [f"user:{SECRET}@localhost/brain", f"postgresql://u:{SECRET}@localhost:port/x"])
def test_what_is_no_url_is_refused(set_environment, url):
    assert "BRAIN_DATABASE_URL is not a database's URL" in told(url, set_environment)


def test_a_server_that_is_not_there(set_environment):
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://user:{SECRET}@127.0.0.1:{taken.getsockname()[1]}/brain"
        assert "nothing answers at its address" in told(url, set_environment)


def test_a_password_that_ended_up_in_the_host(set_environment):
    assert "percent-encoded" in told(f"postgresql://user:a@{SECRET}@localhost/brain", set_environment)
    with pytest.raises(StoreError, match="percent-encoded"):
        engine.shown()


def test_a_host_that_is_not_known(set_environment):
    assert told(f"postgresql://user:{SECRET}/x@no.such.host.invalid/brain", set_environment) == (
        "The prediction store cannot be used: its host is not known (BRAIN_DATABASE_URL)."
    )


def test_an_option_that_does_not_exist(set_environment):
    assert told(f"postgresql://user@localhost/brain?pasword={SECRET}", set_environment).endswith("ProgrammingError.")
    assert SECRET not in engine.shown()


def test_a_wrong_password(postgresql, set_environment):
    url = f"postgresql://brain:{SECRET}@localhost:{postgresql.port}/postgres"
    assert "does not accept the user and password" in told(url, set_environment)


def test_a_database_that_does_not_exist(postgresql, set_environment):
    assert "there is no such database" in told(postgresql.url("nowhere"), set_environment)


def test_a_user_without_rights(postgresql, settings, set_environment):
    databases.execute(f"CREATE ROLE reading_{os.getpid()} LOGIN PASSWORD '{SECRET}'")
    url = settings.store.url.replace(f"brain:{postgres.PASSWORD}", f"reading_{os.getpid()}:{SECRET}")
    assert told(url, set_environment) == "The prediction store cannot be used: its user lacks a right."


def test_a_server_that_restarts_is_no_error(settings, set_environment):
    postgres.check_installed()
    cluster = postgres.Cluster()
    try:
        cluster.start()
        set_environment(BRAIN_DATABASE_URL=cluster.fresh())
        row = prediction()
        predictions.add([row])
        cluster.stop()
        assert "nothing answers at its address" in engine.problem()
        cluster.start()
        assert predictions.read() == [row]
    finally:
        databases.close()
        cluster.close()


def test_a_file_that_is_no_database(sqlite, settings):
    settings.home.mkdir(exist_ok=True)
    (settings.home / "brain.sqlite").write_bytes(b"\x89PNG" * 1000)
    assert engine.problem() == "The prediction store cannot be used: file is not a database."


def test_a_folder_in_the_way(sqlite, settings):
    (settings.home / "brain.sqlite").mkdir(parents=True)
    assert engine.problem() == "The prediction store cannot be used: unable to open database file."


def test_writers_that_take_too_long_are_told(database, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", 0.2)
    databases.close()
    engine.engine()
    lock = "SELECT 1" if database == "sqlite" else "LOCK TABLE predictions IN EXCLUSIVE MODE"
    with engine.writing() as connection:
        connection.exec_driver_sql(lock)
        with pytest.raises(StoreError, match="database is locked|others have been writing for too long"):
            predictions.add([prediction()])
    predictions.add([prediction()])


def test_reading_goes_on_while_somebody_writes(database):
    predictions.add([prediction()])
    with engine.writing() as connection:
        connection.exec_driver_sql("DELETE FROM predictions")
        assert len(predictions.read()) == 1
    assert predictions.read() == []


def test_a_reader_sees_one_state(database):
    predictions.add([prediction()])
    count = "SELECT count(*) FROM predictions"
    with engine.reading() as connection:
        assert connection.exec_driver_sql(count).scalar() == 1
        predictions.add([prediction()])
        assert connection.exec_driver_sql(count).scalar() == 1
    assert len(predictions.read()) == 2


def test_messages_hold_no_values(database):
    feedback.add(said(text=SECRET), awaited=True)
    for statement in (
        "INSERT INTO feedback (id, text) SELECT 'x', text FROM feedback",
        f"SELECT CAST('{SECRET}' AS DATE), nothing",
    ):
        with pytest.raises(StoreError) as caught:
            databases.execute(statement)
        assert SECRET not in "".join(traceback.format_exception(caught.value)).replace(statement, "")
