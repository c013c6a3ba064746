"""Deleting kept scans and refreshing the confirmed data set at once: no copy outlives its case."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brain_core.store import confirmed, kept, predictions, retention
from tests.store.sample_rows import key, prediction
from tests.store.test_kept import held, keeping, say, store

__all__ = ["keeping"]

pytestmark = pytest.mark.usefixtures("sqlite", "keeping")


def test_a_deletion_waits_for_a_refresh_that_is_under_way(monkeypatch):
    store("a")
    say("a", "tumor")
    link, reached, may_go = os.link, threading.Event(), threading.Event()

    def slow(*paths) -> None:
        reached.set()
        assert may_go.wait(30)
        link(*paths)

    monkeypatch.setattr(os, "link", slow)
    with ThreadPoolExecutor(2) as pool:
        refreshed = pool.submit(confirmed.data_set)
        assert reached.wait(30)
        deleted = pool.submit(retention.delete_case, key("a"))
        predictions.add([prediction("b")])  # whoever waits to delete keeps nobody from writing
        assert not deleted.done()
        may_go.set()
        assert refreshed.result() is not None and deleted.result().kept == 1
    assert held(kept.confirmed_folder()) == set() == kept.keys()


def test_a_refresh_waits_for_a_deletion_that_is_under_way(monkeypatch):
    store("a")
    say("a", "tumor")
    unlink, late = Path.unlink, []

    def slow(self, **values) -> None:
        if self.parent == kept.folder():  # its copy is gone already
            late.append(pool.submit(confirmed.data_set))
            threading.Event().wait(0.3)
            assert not late[0].done()
        unlink(self, **values)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(Path, "unlink", slow)
        retention.delete_case(key("a"))
        monkeypatch.undo()
        assert late[0].result() is None
    assert held(kept.confirmed_folder()) == set()


def test_who_refreshes_may_delete():
    store("a")
    with kept.alone(kept.confirmed_folder()):
        assert kept.delete([key("a")]) == 1


def test_deleting_makes_no_folder_where_nothing_was_kept():
    predictions.add([prediction("a")])
    retention.delete_case(key("a"))
    assert not kept.folder().exists() and not kept.confirmed_folder().exists()


def test_a_refresh_that_takes_too_long_is_told(monkeypatch):
    store("a")
    monkeypatch.setattr(kept, "PATIENCE", 0.1)
    with ThreadPoolExecutor(1) as pool, kept.alone(kept.confirmed_folder()):
        refused = pool.submit(retention.delete_case, key("a")).exception()
    assert str(refused) == "The confirmed data set is being refreshed by somebody else. Try again."
    assert kept.keys() == {key("a")} and len(predictions.read()) == 1
