"""Commands in the background that are no training runs."""

import sys
import threading
import time

import pytest

from brain_core.errors import RunError
from brain_core.jobs import process, task


def ended(name: str) -> task.Task:
    for _ in range(1200):  # two minutes: what is started waits behind everything else
        if not (found := task.look(name)).is_going_on:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{name} goes on")


@pytest.fixture
def sleeper(monkeypatch):
    """In place of the program one that says what it was asked, and then sleeps."""
    script = "import sys, time; print('asked', *sys.argv[1:], flush=True); time.sleep(60)"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", script))


def test_what_a_command_prints_is_kept(phantom_dataset):
    assert not task.look("check a/b").exists
    task.start("check a/b", ["dataset", "check", str(phantom_dataset)])
    found = ended("check a/b")
    assert found.exists and found.error is None
    assert "24 distinct pictures (near-copies counted once)" in found.lines
    task.forget("check a/b")
    assert not task.look("check a/b").exists


def test_what_went_wrong_is_told(tmp_path):
    task.start("check", ["dataset", "check", str(tmp_path / "nowhere")])
    assert ended("check").error == f"Data set: no such folder: {tmp_path / 'nowhere'}."


def test_one_of_a_name_at_a_time_and_it_can_be_stopped(sleeper):
    task.start("long", ["one", "two"])
    while "asked one two" not in task.look("long").lines:
        time.sleep(0.05)
    with pytest.raises(RunError, match="long is going on already"):
        task.start("long", ["three"])
    task.forget("long")
    assert task.look("long").is_going_on and task.look("long").error is None
    task.stop("long")
    assert not task.look("long").is_going_on
    task.stop("long")  # which is no harm
    task.start("long", ["four"])
    task.stop("long")


def test_of_two_clicks_at_once_one_starts_it(sleeper):
    told = []

    def click():
        try:
            task.start("long", ["one"])
        except RunError as error:
            told.append(str(error))

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert told == ["long is going on already."] * 3
    task.stop("long")
    assert not task.look("long").is_going_on


def test_a_command_that_cannot_be_started_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(process, "PROGRAM", (str(tmp_path / "no program"),))
    with pytest.raises(RunError, match="cannot be started: No such file or directory"):
        task.start("long", [])
