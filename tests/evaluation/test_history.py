"""The stored training history: both phases in order, and what is not there."""

from pathlib import Path

import pytest

from brain_core.evaluation.history import history_of
from brain_core.preprocessing import PreprocessingSpec
from brain_core.registry import ModelCard, OperatingPoint


def card(history) -> ModelCard:
    point = OperatingPoint(0.5, "default", "nothing")
    return ModelCard(
        "resnet50", "v", Path("x.keras"), "ff", PreprocessingSpec("unit"), "a", point, {"history": history}
    )


def test_the_phases_follow_each_other():
    found = history_of(card({"phase 2": [{"loss": 0.2}], "phase 1": [{"loss": 0.9}, {"loss": 0.5, "val_loss": 0.6}]}))
    assert found.values("loss") == ([1, 2, 3], [0.9, 0.5, 0.2])
    assert found.values("val_loss") == ([2], [0.6])
    assert found.ends == {"phase 1": 2, "phase 2": 3}


def test_a_phase_that_did_not_run_has_no_end():
    assert history_of(card({"phase 1": [], "phase 2": [{"loss": 0.1}]})).ends == {"phase 2": 1}


@pytest.mark.parametrize("stored", [None, [], "nothing", {}, {"phase 1": None}, {"phase 1": [3]}])
def test_without_a_history_there_is_no_epoch(stored):
    found = history_of(card(stored))
    assert (found.epochs, found.ends, found.values("loss")) == ((), {}, ([], []))
