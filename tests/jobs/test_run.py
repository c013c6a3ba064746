"""A run from its start to its end in a process of its own, undisturbed and killed again and again."""

import random
import time

import numpy as np
import pytest

from brain_core import versions
from brain_core.jobs import control, watch
from brain_core.jobs.record import DONE, QUEUED, RUNNING
from brain_core.jobs.watch import INTERRUPTED
from brain_core.models import MODELS
from tests.jobs.steps import NAME, kill, start, status_of, until

FILE = MODELS[NAME].file_name


def rows(folder) -> dict[str, list[dict]]:
    """By phase."""
    return folder.epochs().get(NAME, {})


def epochs(folder) -> int:
    return sum(map(len, rows(folder).values()))


def version_of(folder, models_dir) -> versions.Version:
    return versions.find(NAME, folder.state().versions[NAME], models_dir)


def test_a_run_waits_trains_and_ends_as_a_version_beside_the_one_in_service(done):
    folder, service, statuses = done
    seen = watch.look(folder)
    assert statuses == [QUEUED, RUNNING, DONE], folder.log_tail()
    assert (seen.reason, seen.memory, seen.is_going_on, seen.may_resume) == (None, False, False, False)
    service.check()
    version = version_of(folder, service.folder)
    assert (version.shipped, version.in_service) == (False, False)
    files = {FILE, "custom_cnn_fixed.json", "custom_cnn_fixed.gate.npz", "comparison.json"}
    assert {path.name for path in version.folder.iterdir()} == files
    assert version.card().load().count_params() > 0


def test_a_run_leaves_its_epochs_its_log_and_neither_checkpoint_nor_model(done):
    folder, service, _ = done
    history = version_of(folder, service.folder).card().metadata["history"]
    assert [len(history[phase]) for phase in ("phase 1", "phase 2")] == [5, 5]
    for phase, wanted in history.items():
        assert [{k: round(v, 5) for k, v in row.items()} for row in rows(folder)[phase]] == wanted
    assert any("custom_cnn phase 2 epoch 5/5  accuracy" in line for line in folder.log_tail())
    names = {path.name for path in folder.path.iterdir()}
    assert not names & {FILE, "checkpoint-custom_cnn.npz"}
    assert {"run.json", "state.json", "epochs.jsonl", "progress.json", "log.txt"} <= names
    state = folder.state()
    assert state.predicted > 0 and state.seconds > 0 and state.started <= state.ended


def test_a_run_that_is_killed_ten_times_ends_as_one_that_was_not(done, program, data, service, monkeypatch):
    """At its start, between epochs and in the midst of them, while the model is saved, and while it is compared."""
    monkeypatch.setenv("TINY_BATCH_SECONDS", "0.02")
    rng = random.Random(0)
    folder = start(data)

    def epochs_further(count: int):
        aim = min(epochs(folder) + count, 9)
        return lambda: epochs(folder) >= aim

    def is_comparing() -> bool:
        return (folder.progress() or {}).get("what") == "comparing"

    moments = [lambda: lambda: True] * 3
    moments += [lambda: lambda: folder.state().status == RUNNING] * 2
    moments += [lambda: epochs_further(2), lambda: epochs_further(3)]
    moments += [lambda: lambda: len(rows(folder).get("phase 2", ())) >= 2]
    moments += [lambda: (folder.path / FILE).exists, lambda: is_comparing]
    slack = [1.0] * 3 + [0.15] * 5 + [0.0, 0.0]  # seconds after the moment, at most
    for position, (moment, most) in enumerate(zip(moments, slack, strict=True)):
        until(moment(), folder)
        time.sleep(rng.uniform(0, most))
        kill(folder)
        seen = watch.look(folder)
        assert (position, seen.status, seen.memory) == (position, INTERRUPTED, False), folder.log_tail()
        assert seen.reason.startswith(("Its process ended without a word: it was killed", "Its process never got to"))
        service.check()
        control.resume(folder)
        assert status_of(folder) in (QUEUED, RUNNING)
    until(lambda: not watch.look(folder).is_going_on)
    assert status_of(folder) == DONE, folder.log_tail()
    service.check()
    assert [len(rows(folder)[phase]) for phase in ("phase 1", "phase 2")] == [5, 5]
    assert not list(folder.path.glob("checkpoint-*")) and not (folder.path / FILE).exists()
    assert folder.state().predicted is None  # says nothing of how long a whole run takes
    (only,) = (each for each in versions.listed(NAME) if not each.shipped)
    first, second = (version_of(each, at).card() for each, at in ((done[0], done[1].folder), (folder, service.folder)))
    assert (only.version, (only.folder / "comparison.json").is_file()) == (second.version, True)
    for one, other in zip(first.load().get_weights(), second.load().get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=2**-9, atol=1e-5)
    for part in ("validation", "test"):
        one, other = (card.metadata["predictions"][part] for card in (first, second))
        assert [row["id"] for row in one] == [row["id"] for row in other]
        assert [row["probability"] for row in one] == pytest.approx([row["probability"] for row in other], abs=1e-4)
    for phase in ("phase 1", "phase 2"):
        for one, other in zip(first.metadata["history"][phase], second.metadata["history"][phase], strict=True):
            assert one == pytest.approx(other, abs=1e-4)
