"""Runs that take turns, and what becomes of them when others, or whoever started them, are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from brain_core.errors import RunError
from brain_core.jobs import control, index, recorder, watch
from brain_core.jobs.index import folders
from brain_core.jobs.record import CANCELLED, DONE, FAILED, QUEUED, RUNNING, State
from brain_core.jobs.watch import INTERRUPTED, STOPPING
from brain_core.settings import PROJECT
from tests.jobs.conftest import PROGRAM
from tests.jobs.steps import kill, start, status_of, until

LONG = 10_000  # steps


def turns(file) -> list[tuple[str, str]]:
    """(run, status) as its process said so, in order."""
    return [tuple(line.split()) for line in file.read_text().splitlines()]


def test_three_runs_that_start_at_once_go_one_after_the_other(program, light, data, service):
    light(20)
    with ThreadPoolExecutor(3) as pool:
        runs = sorted(pool.map(lambda _: start(data), range(3)), key=lambda run: run.id)
    assert [each.folder for each in reversed(watch.every())] == runs == folders()
    until(lambda: not any(seen.is_going_on for seen in watch.every()))
    assert [status_of(run) for run in runs] == [DONE] * 3, [run.log_tail() for run in runs]
    assert turns(program) == [(run.id, status) for run in runs for status in (RUNNING, DONE)]
    assert any("Waiting for" in line for line in runs[2].log_tail())


def test_a_run_that_waits_can_be_stopped_and_one_that_is_killed_gives_its_turn_away(program, light, data, service):
    light(LONG)
    first, second = start(data), start(data)
    light(5)
    third = start(data)
    until(lambda: [run.state().status for run in (first, second, third)] == [RUNNING, QUEUED, QUEUED])
    until(lambda: None not in (second.state().pid, third.state().pid))
    assert [status_of(run) for run in (first, second, third)] == [RUNNING, QUEUED, QUEUED]
    with pytest.raises(RunError, match=f"Run {first.id} cannot be deleted: it is running. Stop it first."):
        control.delete(first)
    with pytest.raises(RunError, match=f"Run {first.id} cannot be resumed: it is running."):
        control.resume(first)
    control.cancel(second)
    until(lambda: status_of(second) == CANCELLED)
    assert watch.look(second).reason == "stopped on request"
    assert second.state().status == CANCELLED and status_of(third) == QUEUED
    kill(first)
    assert status_of(first) == INTERRUPTED
    until(lambda: status_of(third) == DONE, third)
    assert turns(program) == [
        (first.id, RUNNING), (second.id, CANCELLED), (third.id, RUNNING), (third.id, DONE),
    ]  # fmt: skip
    control.resume(second)
    until(lambda: status_of(second) == DONE, second)
    service.check()


def test_a_run_that_is_stopped_says_so_and_can_be_resumed(program, light, data, service):
    light(LONG)
    run = start(data)
    for stop, reason in (
        (control.cancel, "stopped on request"),
        (lambda run: os.kill(run.state().pid, signal.SIGTERM), "its process was asked to end"),
    ):
        until(lambda: run.state().status == RUNNING and run.progress() is not None, run)
        started = run.state().started
        stop(run)
        assert status_of(run) in (STOPPING, RUNNING, CANCELLED)
        until(lambda: not watch.look(run).is_going_on)
        seen = watch.look(run)
        assert (seen.status, seen.reason, seen.may_resume) == (CANCELLED, reason, True)
        with pytest.raises(RunError, match=f"Run {run.id} cannot be stopped: it is cancelled .{reason}"):
            control.cancel(run)
        light(LONG if stop is control.cancel else 3)
        control.resume(run)
    until(lambda: status_of(run) == DONE, run)
    assert (run.state().started, run.state().reason) == (started, None)
    with pytest.raises(RunError, match="cannot be resumed: it is done"):
        control.resume(run)
    service.check()


def test_of_threads_that_resume_a_run_at_once_one_does(service, monkeypatch):
    """None sees it as interrupted between its new state and its new process."""
    run = index.create(index.runs_dir() / "1", ["train", "d"], cwd="/", models=["custom_cnn"], data="d", who="w")
    run.write_state(State(CANCELLED))
    run.write_process(1, 0.0)  # an earlier one
    started = []

    def spawn(folder, words, cwd):
        time.sleep(0.1)
        started.append(words)
        assert status_of(folder) == QUEUED
        folder.write_process(os.getpid(), psutil.Process().create_time())

    def resume(_) -> bool:
        try:
            control.resume(run)
        except RunError:
            return False
        return True

    monkeypatch.setattr(control, "spawn", spawn)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(resume, range(8))) == 1
    assert len(started) == 1 and status_of(run) == QUEUED
    assert started[0][:5] == ["train", "d", "--run-dir", str(run.path), "--nice"]


STARTER = """
import sys, time
from brain_core.jobs import control, process
process.PROGRAM = tuple(sys.argv[1:3])
print("ready", flush=True)
control.start(["train", sys.argv[3]], models=["custom_cnn"], data="phantoms")
time.sleep(600)
"""


def test_a_run_outlives_whoever_started_it_or_never_was(program, light, data, service, settings, monkeypatch):
    """Killed at five moments: as it makes the folder, as it starts the process, and when that is at work."""
    light(10)
    rng = random.Random(1)
    where = {"BRAIN_HOME": str(settings.home), "BRAIN_MODELS_DIR": str(settings.models_dir)}
    command = [sys.executable, "-c", STARTER, *PROGRAM, str(data)]

    def wait_for(count: int):
        until(lambda: len(folders()) > count)

    moments = [lambda _: None, lambda _: time.sleep(rng.uniform(0, 0.02)), wait_for, wait_for, wait_for]
    for moment, most in zip(moments, (0, 0, 0, 0.1, 2.0), strict=True):
        before = len(folders())
        parent = subprocess.Popen(command, cwd=PROJECT, env=os.environ | where, stdout=subprocess.PIPE)
        assert parent.stdout.readline() == b"ready\n"
        moment(before)
        time.sleep(rng.uniform(0, most))
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    assert 3 <= len(folders()) <= 5
    monkeypatch.setattr(watch, "STARTING", 5.0)
    until(lambda: not any(seen.is_going_on for seen in watch.every()))
    for seen in watch.every():
        if seen.status != DONE:
            assert (seen.status, seen.reason) == (INTERRUPTED, "Its process never got to work.")
            control.resume(seen.folder)
            until(lambda run=seen.folder: status_of(run) == DONE, seen.folder)
    assert {seen.status for seen in watch.every()} == {DONE}
    service.check()


def test_a_process_that_refuses_its_words_says_why_in_the_runs_reason(program, data, service):
    run = start(data, "--batch-size", "1")
    until(lambda: not watch.look(run).is_going_on)
    seen = watch.look(run)
    assert (seen.status, seen.may_resume) == (INTERRUPTED, True)
    assert "Its process never got to work: error: batch_size: expected 2 or more" in seen.reason


def test_a_process_that_cannot_be_started_leaves_a_run_that_says_so(service, data, monkeypatch, tmp_path):
    monkeypatch.setattr("brain_core.jobs.process.PROGRAM", (str(tmp_path / "none"),))
    with pytest.raises(RunError, match="cannot be started: No such file or directory"):
        start(data)
    (seen,) = watch.every()
    assert (seen.status, seen.may_resume) == (FAILED, True)
    assert "cannot be started: No such file" in seen.reason


def test_another_process_cannot_take_up_a_run_that_is_going_on(service, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "PATIENCE", 0.1)
    about = {"cwd": str(tmp_path), "models": ["custom_cnn"], "data": "d", "who": "w"}
    run = index.create(index.runs_dir() / index.new_id(), ["train", "d"], **about)
    with recorder.recording(run):
        state = run.state()
        assert (state.pid, state.process_started) == (os.getpid(), psutil.Process().create_time())
        with pytest.raises(RunError, match=f"Run {run.id} is going on already"), recorder.recording(run):
            pass
    assert run.state().status == DONE


def test_a_named_folder_in_which_a_run_is_going_on_is_left_alone(tmp_path):
    about = {"cwd": str(tmp_path), "models": ["custom_cnn"], "data": "d", "who": "w"}
    run = index.opened(tmp_path / "own", ["train", "d"], **about)
    with recorder.recording(run):
        run.add_epoch("custom_cnn", "phase 1", 1, {"loss": 0.5})
        before = {path: path.read_bytes() for path in run.path.iterdir()}
        for words in (["train", "d"], ["train", "other"]):
            with pytest.raises(RunError, match="Run own is going on already"):
                index.opened(tmp_path / "own", words, **about)
        assert {path: path.read_bytes() for path in run.path.iterdir()} == before
