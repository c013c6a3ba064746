"""One value a case, against the references that lie with a model; what is lacking says so."""

import json

import numpy as np
import pytest

from brain_core.monitoring.references import NO_MEASURE, of, of_version
from brain_core.monitoring.shifts import current_of, median_of_cases, shifts
from brain_core.registry import read_card
from brain_core.store.records import InputStatistics
from tests.helpers import put_in_service
from tests.monitoring.rows import CNN, RESNET, at, columns, row, series

HELD_OUT = [
    {"id": f"{i}.png", "sha256": f"{i:016x}", "group": i // 2, "label": i % 2, "probability": i / 10} for i in range(6)
]
INPUTS = {"n": 3, "held_out": 2, "values": {"mean": [1.0, 2.0, 3.0], "width": [512.0, 512.0, 630.0]}}


def inputs(mean: float, width: int = 640, height: int = 480) -> InputStatistics:
    return InputStatistics(width, height, mean, 20.0)


@pytest.fixture
def card(tmp_path, set_environment):
    """``card(**metadata)``: the model in service with that in its metadata."""
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    path = put_in_service(tmp_path, CNN)
    data = json.loads(path.with_suffix(".json").read_text())

    def with_metadata(**more):
        path.with_suffix(".json").write_text(json.dumps(data | more))
        return read_card(CNN)

    return with_metadata


def test_inputs_of_a_series_are_the_median_of_its_slices():
    rows = series("s", 5, inputs=lambda i: inputs([90.0, 10.0, 30.0, 20.0, 80.0][i])) + [row("x", inputs=inputs(7.04))]
    assert sorted(current_of(columns(*rows), "mean").tolist()) == [7.0, 30.0]
    assert sorted(current_of(columns(*rows), "aspect").tolist()) == [1.333, 1.333]


def test_the_median_of_two_is_the_lower_and_what_is_not_known_does_not_count():
    values, case = np.array([4.0, 1.0, np.nan, 3.0, np.nan]), np.array([0, 0, 0, 2, 5])
    assert median_of_cases(values, case).tolist() == [1.0, 3.0]
    assert len(median_of_cases(np.full(3, np.nan), np.arange(3))) == 0


def test_scores_are_of_assessed_single_slices_the_latest_of_each():
    rows = [row("a", 0.1, at=at("2026-03-01")), row("a", 0.2, at=at("2026-03-02")), row("b", 0.3, flags=("flat",))]
    rows += [row("c", None), row("d", 0.12345678), *series("s", 3, summary=0.9)]
    found = columns(*rows)
    assert sorted(current_of(found, "score").tolist()) == [0.123457, 0.2]
    score = shifts(found, of_version(CNN, "no such version"))[0]
    assert (score.measure, score.left_out) == ("score", 1)


def test_held_out_scores_are_the_reference_one_a_group(card):
    found = of(card(predictions={"validation": HELD_OUT[:4], "test": HELD_OUT[4:]}, inputs=INPUTS))
    assert sorted(found.values["score"].tolist()) == [0.0, 0.2, 0.4]
    assert found.values["mean"].tolist() == [1.0, 2.0, 3.0]
    assert found.reasons["unlikeness"] == NO_MEASURE and "score" not in found.reasons


def test_what_a_version_lacks_is_said(card):
    found = of(card())
    assert found.values == {}
    assert found.reasons["score"] == "no held-out predictions are stored with this version"
    assert "python -m brain_core monitor --reference DATASET" in found.reasons["mean"]


@pytest.mark.parametrize("damaged", [{"n": 3}, {**INPUTS, "values": {"mean": ["x"]}}, [1]])
def test_damaged_input_statistics_are_said_and_stop_nothing(card, damaged):
    found = of(card(inputs=damaged, predictions={"validation": HELD_OUT, "test": []}))
    assert "damaged" in found.reasons["mean"] and len(found.values["score"]) == 3


def test_a_version_that_is_not_here_has_nothing_to_compare_with(card):
    card()
    found = shifts(columns(row("a", version="gone")), of_version(CNN, "gone"))
    assert {each.reason for each in found} == {"this version is not on this machine"}
    assert of_version(RESNET, "gone").values == {} and of_version("no model", "1").values == {}


def test_the_version_in_service_is_found(card):
    version = card(inputs=INPUTS).version
    assert of_version(CNN, version).values["width"].tolist() == [512.0, 512.0, 630.0]
