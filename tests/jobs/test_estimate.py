"""How long a run takes, in numbers computed by hand."""

import pytest

from brain_core.jobs import estimate, index
from brain_core.jobs.estimate import Part
from brain_core.jobs.record import DONE, RUNNING, State
from brain_core.training.config import TrainConfig
from brain_core.training.progress import Progress


def run_that_took(name: str, predicted: float | None, seconds: float | None, status: str = DONE) -> None:
    about = {"cwd": "/", "models": ["custom_cnn"], "data": "d", "who": "w"}
    folder = index.create(index.runs_dir() / name, ["train"], **about)
    folder.write_state(State(status, predicted=predicted, seconds=seconds))


def test_a_plan_counts_scans_epochs_and_phases(monkeypatch):
    monkeypatch.setattr(estimate, "ONCE", {"custom_cnn": 0.5, "resnet50": 2.0})
    costs = {("custom_cnn", "phase 1"): 1.0, ("custom_cnn", "phase 2"): 2.0}
    monkeypatch.setattr(estimate, "EPOCH", costs | {("resnet50", "phase 1"): 3.0, ("resnet50", "phase 2"): 4.0})
    config = TrainConfig(epochs_head=2, epochs_finetune=3, extra_scans=4)
    # An epoch shows 10 + 4 scans and scores 6, each in a third of the time: 16.
    assert estimate.plan(["custom_cnn", "resnet50"], config, 10, 6) == [
        Part("custom_cnn", "phase 1", before=8.0, epochs=2 * 16 * 1.0),
        Part("custom_cnn", "phase 2", before=0.0, epochs=3 * 16 * 2.0),
        Part("resnet50", "phase 1", before=32.0, epochs=2 * 16 * 3.0),
        Part("resnet50", "phase 2", before=0.0, epochs=3 * 16 * 4.0),
    ]
    (only,) = estimate.plan(["custom_cnn"], TrainConfig(epochs_head=0, epochs_finetune=1), 10, 6)
    assert (only.phase, only.before, only.epochs, only.seconds) == ("phase 2", 8.0, 24.0, 32.0)


def test_the_clock_believes_the_guess_first_and_then_the_phases_own_speed():
    parts = [Part("m", "phase 1", 10.0, 40.0), Part("m", "phase 2", 0.0, 100.0)]
    at = [0.0]
    left = estimate.clock(parts, 2.0, lambda: at[0])
    # Of 4 epochs of 5 batches one batch is done: 38 of 40 seconds and the 100 of phase 2 are left, twice as slow.
    assert left("m", Progress("phase 1", 1, 4, 1, 5)) == pytest.approx(2 * (38 + 100))
    at[0] = 1.0
    assert left("m", Progress("phase 1", 1, 4, 3, 5)) == pytest.approx(2 * (34 + 100))  # two batches further only
    at[0] = 4.0
    # 4 batches took 4 seconds, 8 were guessed: the rest, 30 + 100, takes half of what was guessed.
    assert left("m", Progress("phase 1", 1, 4, 5, 5)) == pytest.approx(0.5 * (30 + 100))
    assert left("m", Progress("phase 2", 1, 2, 1, 5)) == pytest.approx(2 * 90)
    at[0] = 104.0
    assert left("m", Progress("phase 2", 2, 2, 1, 5)) == pytest.approx(2 * 40)  # 50 guessed seconds took 100
    assert left("m", Progress("phase 2", 2, 2, 5, 5)) == 0.0


def test_the_clock_of_a_phase_that_was_taken_up_counts_from_where_it_was():
    at = [0.0]
    left = estimate.clock([Part("m", "phase 1", 0.0, 100.0)], 1.0, lambda: at[0])
    assert left("m", Progress("phase 1", 5, 10, 4, 4)) == pytest.approx(50)
    at[0] = 5.0
    assert left("m", Progress("phase 1", 6, 10, 4, 4)) == pytest.approx(0.5 * 40)


def test_of_what_was_not_planned_nothing_is_known():
    left = estimate.clock([Part("m", "phase 1", 0.0, 1.0)])
    assert left("m", Progress("phase 2", 1, 1, 1, 1)) is None
    assert left("other", Progress("phase 1", 1, 1, 1, 1)) is None


def test_a_machine_is_as_slow_as_its_latest_runs():
    assert estimate.correction() == 1.0
    for name, seconds in {"1": 9000.0, "2": 100.0, "3": 200.0, "4": 300.0, "5": 250.0, "6": 150.0}.items():
        run_that_took(name, 100.0, seconds)
    assert estimate.correction() == 2.0  # median of 1, 2, 3, 2.5, 1.5: the first of all is too long ago
    run_that_took("7", None, 50.0)
    run_that_took("8", 100.0, None, RUNNING)
    (index.runs_dir() / "9").mkdir()
    assert estimate.correction() == 2.0
