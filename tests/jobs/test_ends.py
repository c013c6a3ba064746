"""How a run ends: errors, full disks, vanished data, signals; here in the process of the tests."""

import errno
import json
import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf

from brain_core import versions
from brain_core.cli import main
from brain_core.cli.train import _without_folder
from brain_core.jobs import estimate, watch
from brain_core.jobs import folder as run_folder
from brain_core.jobs.record import CANCELLED, DONE, FAILED, State
from brain_core.jobs.recorder import Recorder
from brain_core.registry import read_card_in, sha256_of
from brain_core.training import run as training_run
from tests.helpers import put_in_service
from tests.jobs.steps import NAME, words_for

SHORT = ("--epochs-finetune", "0", "--epochs-head", "2")


def train(data, *more: str, expected: int) -> watch.Seen:
    """The run of a command, as it stands when that has ended."""
    assert main(words_for(data, *SHORT, *more)) == expected
    return watch.every()[0]


@pytest.fixture
def on_step(monkeypatch):
    """``on_step(what, do)``: from the first such step of a run on, ``do`` is called, once."""

    def change(what: str, do) -> None:
        step, done = Recorder.step, []

        def watched(recorder, name, *about, **more):
            if name == what and not done:
                done.append(True)
                do()
            step(recorder, name, *about, **more)

        monkeypatch.setattr(Recorder, "step", watched)

    return change


@pytest.fixture
def failing(monkeypatch):
    """``failing(error)``: training raises it."""

    def change(error: BaseException) -> None:
        def train_model(*_, **__):
            raise error

        monkeypatch.setattr(training_run, "train_model", train_model)

    return change


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"),
        RuntimeError("std::bad_alloc"),
        caused(ValueError("a layer failed"), MemoryError()),
    ],
)
def test_a_run_that_exhausts_memory_says_so(service, tiny, data, failing, error):
    failing(error)
    with pytest.raises(type(error)):
        train(data, expected=1)
    (seen,) = watch.every()
    assert (seen.status, seen.reason, seen.memory, seen.may_resume) == (FAILED, "Memory is exhausted.", True, True)
    service.check()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("shapes differ"), "ValueError: shapes differ"),
        (OSError(errno.ENOSPC, "No space left"), "A file could not be read or written: the disk is full."),
        (OSError(errno.EDQUOT, "Quota exceeded"), "A file could not be read or written: the disk is full."),
        (PermissionError(errno.EACCES, "Permission denied"), "A file could not be read or written: Permission denied."),
    ],
)
def test_a_run_that_fails_says_why(service, tiny, data, failing, error, reason):
    failing(error)
    with pytest.raises(type(error)):
        train(data, expected=1)
    (seen,) = watch.every()
    assert (seen.status, seen.reason, seen.memory) == (FAILED, reason, False)


def test_a_disk_that_gets_full_fails_the_run_and_nothing_else(service, tiny, data, monkeypatch):
    write, count = np.savez, []

    def savez(file, **arrays):
        count.append(file)
        if len(count) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, **arrays)

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(OSError, match="No space left"):
        train(data, expected=1)
    (seen,) = watch.every()
    assert (seen.status, seen.reason) == (FAILED, "A file could not be read or written: the disk is full.")
    assert [path.name for path in seen.folder.path.glob("*checkpoint*")] == ["checkpoint-custom_cnn.npz"]
    assert not list(seen.folder.path.glob("*.keras"))
    service.check()
    assert len(versions.listed(NAME)) == 1


def test_a_disk_too_full_to_say_so_never_hides_the_error(service, tiny, data, failing, monkeypatch, caplog):
    failing(ValueError("shapes differ"))
    write = run_folder.Folder.write_state

    def write_state(folder, state):
        if state.status == FAILED:
            raise OSError(errno.ENOSPC, "No space left")
        write(folder, state)

    monkeypatch.setattr(run_folder.Folder, "write_state", write_state)
    with pytest.raises(ValueError, match="shapes differ"):
        train(data, expected=1)
    assert "ended could not be written" in caplog.text


def test_a_run_whose_data_vanish_ends_well_and_one_that_has_to_read_them_says_what_is_missing(
    service, tiny, data, tmp_path, on_step, caplog
):
    copy = shutil.copytree(data, tmp_path / "copy")
    on_step("training", lambda: shutil.rmtree(copy))
    seen = train(copy, expected=0)
    assert (seen.status, seen.reason) == (DONE, None)
    (version,) = (each for each in versions.listed(NAME) if not each.shipped)
    assert not (version.folder / versions.COMPARISON).exists()  # a baseline asks for the sizes of the files
    assert "Not compared with the model in service: [Errno 2] No such file" in caplog.text
    service.check()
    seen.folder.write_state(State(CANCELLED))
    assert main([*seen.request.words, "--run-dir", str(seen.folder.path)]) == 1
    again = watch.look(seen.folder)
    assert (again.status, again.may_resume) == (FAILED, True)
    assert f"no such folder: {copy}" in again.reason


def test_a_signal_in_the_midst_of_an_epoch_ends_the_run_and_a_resume_brings_it_to_its_end(
    service, tiny, data, on_step, monkeypatch
):
    on_step("training", lambda: os.kill(os.getpid(), signal.SIGTERM))
    seen = train(data, expected=130)
    assert (seen.status, seen.reason) == (CANCELLED, "its process was asked to end")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    service.check()
    on_step("comparing", seen.folder.ask_to_stop)
    assert main([*seen.request.words, "--run-dir", str(seen.folder.path)]) == 1
    seen = watch.look(seen.folder)
    assert (seen.status, seen.reason) == (CANCELLED, "stopped on request")
    (version,) = (each for each in versions.listed(NAME) if not each.shipped)
    assert not (version.folder / versions.COMPARISON).exists()
    seen.folder.may_go_on()
    monkeypatch.setattr(training_run, "train_model", None)  # it is trained already
    assert main([*seen.request.words, "--run-dir", str(seen.folder.path)]) == 0
    assert status(seen) == DONE
    assert [each.version for each in versions.listed(NAME) if not each.shipped] == [version.version]
    assert (version.folder / versions.COMPARISON).is_file()
    assert estimate.correction() == 1.0  # a run that was taken up says nothing of the machine
    service.check()


def status(seen: watch.Seen) -> str:
    return watch.look(seen.folder).status


@pytest.fixture
def stand_in(monkeypatch):
    """Instead of training, a small model in the run's folder; a list of what it found there."""
    found = []

    def train_model(name, prepared, run_dir, config, *, checkpoint, **_):
        found.append((name, checkpoint.exists()))
        if config.seed == 13:
            checkpoint.touch()
            raise ValueError("unlucky")
        metrics = {"validation": {"roc_auc": {"value": None}}}
        put_in_service(run_dir, name, version=f"{name}-{config.seed}", metrics=metrics)
        return read_card_in(run_dir, name)

    monkeypatch.setattr(training_run, "train_model", train_model)
    return found


def test_a_named_folder_receives_models_that_become_no_versions(service, tiny, data, stand_in, tmp_path):
    run, words = tmp_path / "run", ["train", str(data), "--model", NAME]
    assert main([*words, "--run-dir", str(run)]) == 0
    assert run_folder.Folder(run).state().versions == {NAME: "custom_cnn-0"}
    first = sha256_of(run / "custom_cnn_fixed.keras")
    assert [each.shipped for each in versions.listed(NAME)] == [True]
    assert watch.every() == []

    other = ["train", str(data), "--model", "both", "--start", "service", "--split", "inherit", "--seed", "13"]
    with pytest.raises(ValueError, match="unlucky"):
        main([*other, "--run-dir", str(run)])
    state = run_folder.Folder(run).state()
    assert (state.status, state.versions) == (FAILED, {})
    assert sha256_of(run / "custom_cnn_fixed.keras") == first  # what the earlier run left
    service.check()


def test_the_same_words_go_on_and_others_begin_anew(service, tiny, data, stand_in, tmp_path):
    run = tmp_path / "run"
    unlucky = ["train", str(data), "--model", NAME, "--seed", "13"]
    for words in (unlucky, [*unlucky, "--threads", "1"], [*unlucky, "--zoom", "0.9", "1.1"]):
        with pytest.raises(ValueError, match="unlucky"):
            main([*words[:2], "--run-dir", str(run), *words[2:], "--now"])
    assert stand_in == [(NAME, False), (NAME, True), (NAME, False)]
    (run / "epochs.jsonl").write_text("{}\n")
    (run / "cancel").touch()
    assert main(["train", str(data), "--model", NAME, "--run-dir", str(run)]) == 0
    assert stand_in[-1] == (NAME, False)
    assert not (run / "epochs.jsonl").exists() and not list(run.glob("checkpoint*"))
    request = json.loads((run / "run.json").read_text())
    assert request["words"] == ["train", str(data), "--model", NAME]


def test_words_are_kept_without_what_says_where_and_how():
    words = ["train", "d", "--run-dir", "r", "--zoom", "0.9", "1.1", "--nice", "3", "--rotation", "-5", "--now"]
    assert _without_folder([*words, "--leave-out", "yes/a b.png", "--threads", "2", "--strong"]) == [
        "train", "d", "--zoom", "0.9", "1.1", "--rotation", "-5", "--leave-out", "yes/a b.png", "--strong",
    ]  # fmt: skip
