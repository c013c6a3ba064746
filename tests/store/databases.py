"""Both databases, a fresh one a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from brain_core.store import engine
from tests.browser.server import PROJECT
from tests.store import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, set_environment) -> Iterator[str]:
    """The store of this test is in SQLite, and again in PostgreSQL; returns which."""
    if request.param == "postgresql":
        set_environment(BRAIN_DATABASE_URL=postgres.of_session(request.config).fresh())
    yield request.param
    close()


@pytest.fixture
def postgresql(request, set_environment) -> Iterator[postgres.Cluster]:
    """The store of this test is in PostgreSQL; returns the server."""
    cluster = postgres.of_session(request.config)
    set_environment(BRAIN_DATABASE_URL=cluster.fresh())
    yield cluster
    close()


@pytest.fixture
def sqlite() -> Iterator[None]:
    """The store of this test is in SQLite."""
    yield
    close()


def close() -> None:
    """Close the connections of this process, as its end would; a new engine is made when one is needed."""
    engine._engine(engine._url(), os.getpid()).dispose()
    engine._ready.cache_clear()
    engine._engine.cache_clear()


def execute(*statements: str) -> None:
    """Behind the store's back."""
    with engine.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def program(name: str, *words: object) -> dict:
    """What `subprocess` needs to run a script of this folder with the settings of the test."""
    command = [sys.executable, str(PROJECT / "tests" / "store" / name), *map(str, words)]
    return {"args": command, "env": os.environ | {"PYTHONPATH": str(PROJECT)}, "text": True}
