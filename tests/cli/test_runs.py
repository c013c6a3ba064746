"""``runs``: what is listed, shown, resumed, stopped and deleted; of folders made by hand, nothing is trained."""

import json
import os

import psutil
import pytest

from brain_core.cli import main
from brain_core.jobs import control, index, watch
from brain_core.jobs.record import CANCELLED, DONE, FAILED, RUNNING, State

WORDS = ["train", "my scans", "--model", "custom_cnn"]


@pytest.fixture
def brain(capsys):
    """``brain(arguments…)``: exit status, lines on standard output and the text on standard error."""

    def run(*arguments):
        status = main(["runs", *arguments])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err

    return run


def create(name: str, state: State | None = None):
    about = {"cwd": "/", "models": ["custom_cnn"], "data": "my scans", "who": "A. Reader"}
    folder = index.create(index.runs_dir() / name, WORDS, **about)
    if state:
        folder.write_state(state)
    return folder


def alive() -> State:
    return State(RUNNING, pid=os.getpid(), process_started=psutil.Process().create_time())


@pytest.fixture
def runs():
    """One of each kind."""
    create("1-done", State(DONE, versions={"custom_cnn": "2026-11-25-ab"}))
    create("2-failed", State(FAILED, reason="Memory is exhausted.", memory=True))
    create("3-running", alive()).write_progress(
        {"what": "training", "done": 1, "total": 4, "model": "custom_cnn", "phase": "phase 2", "epoch": 3, "epochs": 15}
    )
    create("4-reading", alive()).write_progress({"what": "reading", "done": 3, "total": 24})
    create("5-killed", State(RUNNING, pid=1, process_started=0.0))
    (create("6-damaged").path / "state.json").write_text("{")
    (create("7-odd", alive()).path / "progress.json").write_text("[]")


def test_every_run_is_listed_the_latest_first(runs, brain):
    status, lines, err = brain("list")
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in lines] == [
        ["7-odd", "running"], ["6-damaged", "damaged"], ["5-killed", "interrupted"], ["4-reading", "running"],
        ["3-running", "running"], ["2-failed", "failed"], ["1-done", "done"],
    ]  # fmt: skip
    assert lines[1].endswith("Run 6-damaged is damaged: state.json cannot be read (Expecting property name enclosed in "
                             "double quotes: line 1 column 2 (char 1)).")  # fmt: skip
    assert lines[2].endswith("Its process ended without a word: it was killed, or the machine went down.")
    assert lines[3].endswith("custom_cnn on my scans  reading 3/24")
    assert lines[4].endswith("custom_cnn on my scans  custom_cnn phase 2 epoch 3/15")
    assert lines[5].endswith("custom_cnn on my scans  Memory is exhausted.")
    assert lines[6].endswith("custom_cnn on my scans")


def test_the_list_as_json(runs, brain):
    status, lines, _ = brain("list", "--format", "json")
    found = {each["id"]: each for each in json.loads("\n".join(lines))}
    assert status == 0
    assert set(found["1-done"]) == {"id", "status", "reason", "progress", "request", "state"}
    assert found["1-done"]["state"]["versions"] == {"custom_cnn": "2026-11-25-ab"}
    assert found["1-done"]["request"]["words"] == WORDS
    assert found["3-running"]["progress"]["epoch"] == 3
    assert (found["6-damaged"]["status"], found["6-damaged"]["request"], found["6-damaged"]["state"]) == (
        "damaged", None, None,
    )  # fmt: skip


def test_where_there_is_no_run_nothing_is_listed(brain):
    assert brain("list") == (0, [], "")
    assert brain("list", "--format", "json") == (0, ["[]"], "")


def test_a_run_is_shown_with_its_words_versions_and_last_lines(runs, brain):
    index.find("1-done").log.write_text("".join(f"line {i}\n" for i in range(20)))
    status, lines, _ = brain("show", "1-done")
    assert status == 0
    assert lines[0].startswith("1-done  done")
    assert lines[1].startswith("  asked for by A. Reader on 20") and " UTC, BRAIN " in lines[1]
    assert lines[2] == "  python -m brain_core train 'my scans' --model custom_cnn"
    assert lines[3] == "  custom_cnn: version 2026-11-25-ab"
    assert lines[4:] == [f"  | line {i}" for i in range(10, 20)]
    status, lines, _ = brain("show", "6-damaged")
    assert (status, len(lines)) == (0, 1)


@pytest.mark.parametrize("action", ["show", "resume", "cancel", "delete"])
def test_a_run_that_is_not_there_is_status_1(runs, brain, action):
    status, lines, err = brain(action, "8")
    assert (status, lines) == (1, [])
    assert err.startswith("error: Run: expected one of 1-done, 2-failed, 3-running") and err.endswith("'8'.\n")


@pytest.mark.parametrize(
    ("action", "run", "message"),
    [
        ("resume", "1-done", "Run 1-done cannot be resumed: it is done."),
        ("resume", "3-running", "Run 3-running cannot be resumed: it is running."),
        ("resume", "6-damaged", "Run 6-damaged cannot be resumed: it is damaged (Run 6-damaged is damaged: state.json"),
        ("cancel", "1-done", "Run 1-done cannot be stopped: it is done."),
        ("cancel", "2-failed", "Run 2-failed cannot be stopped: it is failed (Memory is exhausted.)."),
        ("delete", "3-running", "Run 3-running cannot be deleted: it is running. Stop it first."),
    ],
)
def test_what_a_run_cannot_do_now_is_status_1(runs, brain, action, run, message):
    status, lines, err = brain(action, run)
    assert (status, lines) == (1, [])
    assert err.startswith(f"error: {message}")
    assert len(index.folders()) == 7


def test_a_run_is_deleted(runs, brain):
    for run in ("1-done", "2-failed", "5-killed", "6-damaged"):
        assert brain("delete", run) == (0, [], "")
    assert [folder.id for folder in index.folders()] == ["3-running", "4-reading", "7-odd"]


def test_a_run_is_resumed_with_the_words_that_it_had(runs, brain, monkeypatch):
    spawned = []
    monkeypatch.setattr(control, "spawn", lambda folder, words, cwd: spawned.append((folder.id, words, cwd)))
    index.find("2-failed").ask_to_stop()
    assert brain("resume", "2-failed") == (0, [], "")
    ((run, words, cwd),) = spawned
    assert (run, cwd, words[: len(WORDS)]) == ("2-failed", "/", WORDS)
    rest = words[len(WORDS) :]
    assert rest == [
        "--run-dir", str(index.find("2-failed").path), "--nice", str(control.NICE), "--threads", str(control.threads()),
    ]  # fmt: skip
    seen = watch.look(index.find("2-failed"))
    assert (seen.status, seen.reason, seen.folder.is_asked_to_stop) == ("queued", None, False)


def test_stopping_waits_until_the_run_has_stopped(runs, brain, monkeypatch):
    folder = index.find("3-running")
    waited = []

    def sleep(_):
        assert folder.is_asked_to_stop and watch.look(folder).status == "stopping"
        waited.append(True)
        if len(waited) == 2:
            folder.write_state(State(CANCELLED, reason="stopped on request"))

    monkeypatch.setattr("brain_core.cli.runs.time.sleep", sleep)
    assert brain("cancel", "3-running") == (0, [], "")
    assert len(waited) == 2


@pytest.mark.parametrize("arguments", [[], ["fly"], ["show"], ["list", "--format", "xml"]])
def test_bad_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["runs", *arguments])
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""
