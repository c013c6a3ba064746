"""A run's folder, whole, damaged, of another time; what is seen of it from outside."""

import json
import os
import shutil
from dataclasses import asdict

import psutil
import pytest
from filelock import FileLock

from brain_core.errors import RunError
from brain_core.jobs import control, index, memory, recorder, watch
from brain_core.jobs import folder as run_folder
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import CANCELLED, DONE, FAILED, QUEUED, RUNNING, State
from brain_core.jobs.recorder import Recorder
from brain_core.jobs.watch import DAMAGED, INTERRUPTED, STOPPING
from brain_core.training.progress import Progress

ABOUT = {"cwd": "/", "models": ["custom_cnn"], "data": "phantoms", "who": "A. Reader"}
WORDS = ["train", "phantoms"]


def create(name: str = "1", state: State | None = None) -> Folder:
    folder = index.create(index.runs_dir() / name, WORDS, **ABOUT)
    if state:
        folder.write_state(state)
    return folder


def me(**changes) -> State:
    """A state of this very process."""
    return State(RUNNING, pid=os.getpid(), process_started=psutil.Process().create_time(), **changes)


def test_a_new_run_says_what_it_was_asked(settings):
    folder = create()
    request = folder.request()
    assert (request.words, request.models, request.data, request.who) == (
        ("train", "phantoms"), ("custom_cnn",), "phantoms", "A. Reader",
    )  # fmt: skip
    assert folder.state() == State(QUEUED)
    assert {path.name for path in folder.path.iterdir()} == {"run.json", "state.json"}
    assert folder.in_queue and not Folder(settings.home / "1").in_queue
    assert (folder.epochs(), folder.progress(), folder.log_tail()) == ({}, None, [])
    assert watch.look(folder).status == QUEUED


def test_a_run_cannot_be_made_twice_and_a_failed_making_leaves_nothing():
    folder = create()
    with pytest.raises(RunError, match="Run 1 cannot be made: Directory not empty"):
        create()
    assert [path.name for path in folder.path.parent.iterdir()] == ["1"]


def test_ids_sort_by_time():
    ids = [index.new_id() for _ in range(50)]
    assert len(set(ids)) == 50
    assert [i[:-9] for i in ids] == sorted(i[:-9] for i in ids)


def test_runs_are_listed_from_the_oldest_and_found_by_name():
    assert index.folders() == []
    with pytest.raises(RunError, match="expected one of none, there is no run yet. Received: '1'"):
        index.find("1")
    for name in ("2", "1", "3"):
        create(name)
    (index.runs_dir() / ".new-4").mkdir()
    (index.runs_dir() / "notes.txt").touch()
    assert [folder.id for folder in index.folders()] == ["1", "2", "3"]
    assert [seen.folder.id for seen in watch.every()] == ["3", "2", "1"]
    assert index.find("2").path == index.runs_dir() / "2"
    with pytest.raises(RunError, match=r"Run: expected one of 1, 2, 3. Received: '\.\./runs/1'"):
        index.find("../runs/1")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "{", "run.json cannot be read"),
        ("run.json", "\x00", "run.json cannot be read"),
        ("run.json", "[" * 100_000, "run.json cannot be read"),
        ("run.json", b"\xff\xfe", "run.json cannot be read"),
        ("run.json", None, "run.json cannot be read"),
        ("run.json", "[]", "run.json holds no object"),
        ("run.json", {"cwd": None}, "run.json.cwd: expected a text. Received: None"),
        ("run.json", {"words": "train"}, "run.json.words: expected a list"),
        ("run.json", {"who": ...}, "run.json.who is missing"),
        ("run.json", {"format": 2}, "made by another version of BRAIN .format 2, not 1.: it can be deleted"),
        ("run.json", {"format": ...}, "made by another version of BRAIN .format None"),
        ("state.json", None, "state.json cannot be read"),
        ("state.json", "3", "state.json holds no object"),
        ("state.json", {"status": "flying"}, "state.json has no such status as 'flying'"),
        ("state.json", {"status": ...}, "state.json.status is missing"),
        ("state.json", {"versions": []}, "state.json.versions: expected a table"),
        ("state.json", {"pid": "1"}, "state.json.pid: expected a whole number"),
    ],
)
def test_a_damaged_run_is_listed_as_such_hides_no_other_and_can_be_deleted(name, content, message):
    for run in ("1", "2", "3"):
        create(run)
    damaged = index.find("2")
    path = damaged.path / name
    if isinstance(content, dict):
        data = json.loads(path.read_text()) | content
        path.write_text(json.dumps({key: value for key, value in data.items() if value is not ...}))
    elif content is None:
        path.unlink()
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert [seen.status for seen in watch.every()] == [QUEUED, DAMAGED, QUEUED]
    seen = watch.look(damaged)
    assert (seen.request, seen.state, seen.is_going_on, seen.may_resume) == (None, None, False, False)
    with pytest.raises(RunError, match=message):
        raise RunError(seen.reason)
    with pytest.raises(RunError, match="Run 2 cannot be resumed: it is damaged"):
        control.resume(damaged)
    with pytest.raises(RunError, match="Run 2 cannot be stopped: it is damaged"):
        control.cancel(damaged)
    control.delete(damaged)
    assert [seen.status for seen in watch.every()] == [QUEUED, QUEUED]


def test_a_damaged_run_that_is_at_work_is_not_deleted():
    folder = create()
    with recorder.recording(folder) as record:
        (folder.path / "run.json").write_text("{")
        assert watch.look(folder).status == DAMAGED
        with pytest.raises(RunError, match="Run 1 cannot be deleted: it is damaged and yet going on"):
            control.delete(folder)
        record.change(status=RUNNING)
    control.delete(folder)


def test_epochs_are_read_as_far_as_they_were_written():
    folder = create()
    for epoch in (1, 2):
        folder.add_epoch("custom_cnn", "phase 1", epoch, {"loss": epoch / 4})
    file = folder.path / "epochs.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert folder.epochs() == {"custom_cnn": {"phase 1": [{"loss": 0.25}]}}
    folder.add_epoch("custom_cnn", "phase 1", 2, {"loss": 0.75})
    folder.add_epoch("custom_cnn", "phase 2", 1, {"loss": float("nan")})
    folder.add_epoch("custom_cnn", "phase 1", 1, {"loss": 1.0})  # trained twice
    found = folder.epochs()["custom_cnn"]
    assert found["phase 1"] == [{"loss": 1.0}, {"loss": 0.75}] and len(found["phase 2"]) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\x00", b"[" * 100_000, b"3", b"null", b'{"model": []}', b"[]",
        b'{"model": "m", "phase": "p", "epoch": null, "metrics": {}}',
        b'{"model": "custom_cnn", "phase": "phase 1", "epoch": "x", "metrics": {}}',
        b'{"model": "custom_cnn", "phase": "phase 1", "epoch": 2, "metrics": 3}',
    ],
)  # fmt: skip
def test_a_damaged_line_hides_no_other(line):
    folder = create()
    folder.add_epoch("custom_cnn", "phase 1", 1, {"loss": 0.5})
    with (folder.path / "epochs.jsonl").open("ab") as file:
        file.write(line)
    folder.add_epoch("custom_cnn", "phase 1", 3, {"loss": 0.25})
    assert folder.epochs() == {"custom_cnn": {"phase 1": [{"loss": 0.5}, {"loss": 0.25}]}}


@pytest.mark.parametrize("text", ["", "{", "3", "[]", '"training"', '{"what": "reading"}', "[" * 100_000])
def test_damaged_progress_is_none(text):
    folder = create()
    (folder.path / "progress.json").write_text(text)
    assert folder.progress() is None


def test_of_the_log_the_last_lines_are_shown_and_of_a_bar_how_it_looked_last():
    folder = create()
    folder.log.write_bytes(b"cut \xff\n" + b"line\n" * 99 + b"10 %\r50 %\r100 %\n\n  \nend\r\nlast")
    assert folder.log_tail(3) == ["100 %", "end", "last"]
    assert len(folder.log_tail()) == run_folder.LOG_TAIL
    folder.log.write_bytes(b"x" * 200_000 + b"\nend\n")
    assert folder.log_tail(2)[-1] == "end"


def test_deleting_is_one_step_and_takes_earlier_remains_along(monkeypatch):
    folder = create(state=State(DONE))
    remains = index.runs_dir() / ".deleted-0-ab"
    remains.mkdir()
    (remains / "checkpoint-custom_cnn.npz").touch()
    remove, seen = shutil.rmtree, []

    def rmtree(path, **options):
        seen.append((folder.path.exists(), watch.every()))
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    control.delete(folder)
    assert seen == [(False, [])] * 2
    assert list(index.runs_dir().iterdir()) == []
    with pytest.raises(RunError, match="Run 1 cannot be deleted: No such file"):
        folder.delete()


@pytest.mark.parametrize("status", [DONE, FAILED, CANCELLED])
def test_a_run_that_has_ended_can_be_deleted(status):
    control.delete(create(state=State(status)))
    assert watch.every() == []


def test_a_run_is_alive_while_its_very_process_is():
    folder = create(state=me())
    assert watch.look(folder).status == RUNNING
    folder.ask_to_stop()
    assert watch.look(folder).status == STOPPING
    started = psutil.Process().create_time()
    for other in (started - 60, started + 60):  # the number was used before, or is used again
        folder.write_state(State(RUNNING, pid=os.getpid(), process_started=other))
        seen = watch.look(folder)
        assert (seen.status, seen.memory, seen.may_resume) == (INTERRUPTED, False, True)
        assert seen.reason == "Its process ended without a word: it was killed, or the machine went down."
    for state in (
        State(RUNNING, pid=2**22 + 1, process_started=started),
        State(RUNNING, pid=-1),
        State(RUNNING, pid=1),
    ):
        folder.write_state(state)
        assert watch.look(folder).status == INTERRUPTED


def test_a_run_without_a_process_waits_for_one_a_while(monkeypatch):
    folder = create()
    assert watch.look(folder).status == QUEUED
    folder.write_process(os.getpid(), psutil.Process().create_time())
    monkeypatch.setattr(watch, "STARTING", 0)
    assert watch.look(folder).status == QUEUED
    folder.write_process(os.getpid(), 0.0)
    assert watch.look(folder).reason == "Its process never got to work."
    folder.log.write_text("Traceback\nerror: no memory\n")
    assert watch.look(folder).reason == "Its process never got to work: error: no memory"
    (folder.path / "process.json").write_text("[]")
    assert watch.look(folder).status == INTERRUPTED


def test_kills_for_want_of_memory_are_counted_of_the_container_and_the_machine(tmp_path, monkeypatch):
    events, machine = tmp_path / "memory.events", tmp_path / "vmstat"
    monkeypatch.setattr(memory, "_COUNTERS", (events, machine))
    assert memory.kills() is None
    events.write_text("low 0\nhigh 7\nmax 9\noom 5\noom_kill 2\noom_group_kill 4\n")
    assert memory.kills() == 2
    machine.write_text("nr_free_pages 100\noom_kill 3\n")
    assert memory.kills() == 5
    events.write_text("oom_kill\n")
    assert memory.kills() == 3
    machine.write_bytes(b"oom_kill many\n\xff")
    assert memory.kills() is None
    folder = create(state=State(RUNNING, pid=1, process_started=0.0, memory_kills=3))
    assert not watch.look(folder).memory
    events.write_text("oom_kill 3\n")
    assert not watch.look(folder).memory
    events.write_text("oom_kill 4\n")
    seen = watch.look(folder)
    assert (seen.status, seen.memory) == (INTERRUPTED, True)
    assert "the system has killed for want of memory since it began: memory may have been exhausted" in seen.reason


def test_progress_is_written_now_and_then_and_at_the_end_of_a_step(monkeypatch):
    clock = iter(range(0, 1000))
    monkeypatch.setattr(recorder.time, "monotonic", lambda: next(clock) * 0.4 + 100)
    folder = create(state=me())
    record, written = Recorder(folder, me()), []
    monkeypatch.setattr(Folder, "write_progress", lambda self, progress: written.append(progress["done"]))
    for done in range(1, 11):
        record.step("reading", done, 10)
    assert written[0] == 1 and written[-1] == 10 and 3 <= len(written) <= 6


def test_an_epochs_end_is_heard_and_says_how_far_the_run_is():
    folder = create(state=me())
    hear = Recorder(folder, me()).report("custom_cnn", lambda progress: 12.5)
    hear(Progress("phase 1", 1, 2, 4, 4, {"loss": 0.5}))
    assert folder.epochs() == {"custom_cnn": {"phase 1": [{"loss": 0.5}]}}
    said = folder.progress()
    assert (said["what"], said["done"], said["total"], said["epochs"], said["left"]) == ("training", 4, 4, 2, 12.5)
    assert said["memory"] > 0 and said["peak"] >= said["memory"]


def test_what_a_run_was_when_it_began_again_is_kept():
    folder = create(state=State(FAILED, started="2026-01-01T00:00:00+00:00", versions={"custom_cnn": "1"}, reason="r"))
    with recorder.recording(folder) as record:
        assert (record.anew, record.versions) == (False, {"custom_cnn": "1"})
        state = folder.state()
        assert (state.status, state.started, state.reason) == (QUEUED, "2026-01-01T00:00:00+00:00", None)
    assert folder.state().status == DONE
    assert asdict(folder.state())["versions"] == {"custom_cnn": "1"}
    with recorder.recording(create("2")) as record:
        assert record.anew


def test_a_run_whose_process_cannot_be_told_by_its_number_is_known_by_its_lock():
    folder = create(state=State(RUNNING, pid=1, process_started=0.0))
    assert watch.look(folder).status == INTERRUPTED
    with FileLock(folder.lock):
        assert watch.look(folder).status == RUNNING
        with pytest.raises(RunError, match="cannot be deleted: it is running"):
            control.delete(folder)
        with pytest.raises(RunError, match="cannot be resumed: it is running"):
            control.resume(folder)
    assert watch.look(folder).status == INTERRUPTED
