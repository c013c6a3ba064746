"""What runs beside the pages waits for the first of them, in a server; without one there is nothing to wait for."""

import threading

import pytest

from brain_core.ui import background


@pytest.fixture
def in_a_server(monkeypatch):
    background._first_page.clear()
    monkeypatch.setattr(background.runtime, "exists", lambda: True)
    monkeypatch.setattr(background, "PATIENCE", 600.0)
    yield
    background.do_not_wait()
    background._first_page.clear()


def started() -> threading.Event:
    done = threading.Event()
    background.start(done.set, "test")
    return done


def test_without_a_server_it_runs_at_once():
    assert started().wait(30)


def test_in_a_server_it_waits_until_the_first_page_is_drawn(in_a_server):
    done = started()
    assert not done.wait(0.2)
    background.page_is_drawn()
    assert done.wait(30)


def test_after_the_first_page_nothing_waits(in_a_server):
    background.do_not_wait()
    assert started().wait(30)


def test_where_no_page_is_drawn_to_its_end_it_runs_all_the_same(in_a_server, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 0.01)
    assert started().wait(30)
