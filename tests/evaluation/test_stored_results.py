"""Stored predictions: what is there, what is not and why, and what is damaged. Needs no TensorFlow."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain_core.errors import ResultsError
from brain_core.evaluation import stored_results as stored
from brain_core.evaluation.stored_results import CROSS_VALIDATION, TEST, VALIDATION, NotStored, of_card
from brain_core.preprocessing import PreprocessingSpec
from brain_core.registry import ModelCard, OperatingPoint, read_card, read_results

PROJECT = Path(__file__).resolve().parents[2]
ROWS = [
    {"id": "no/a.png", "sha256": "aa", "group": 4, "label": 0, "probability": 0.2},
    {"id": "yes/b.png", "sha256": "bb", "group": 4, "label": 1, "probability": 0.9},
    {"id": "yes/c.png", "sha256": "cc", "group": 7, "label": 1, "probability": 0.6},
]
SCANS = [
    {
        **row,
        "width": 30 + i,
        "height": 40,
        "probability": {"custom_cnn": [p, p / 2]},
        "threshold": {"custom_cnn": [t, t]},
    }
    for i, (row, p, t) in enumerate(zip(ROWS, (0.2, 0.8, 0.6), (0.4, 0.5, 0.6), strict=True))
]


def card(**metadata) -> ModelCard:
    known = {
        "predictions": {"test": ROWS, "validation": ROWS[:2]},
        "training": {"epochs": 20, "keep": "best"},
    } | metadata
    point = OperatingPoint(0.45, "best balanced accuracy", "validation, n = 2")
    return ModelCard(
        "custom_cnn", "2026-01-01-abc", Path("x.keras"), "ff", PreprocessingSpec("unit"), "conv3", point, known
    )


def record(**changes) -> dict:
    return {"created": "2026-02-03T10:00:00+00:00", "scans": SCANS, "setups": {}} | changes


def test_predictions_of_a_card():
    found = of_card(card(), TEST)
    assert found.key == ("custom_cnn", "2026-01-01-abc", TEST)
    assert found.labels.tolist() == [0, 1, 1]
    assert found.probabilities.tolist() == [[0.2, 0.9, 0.6]]
    assert (found.thresholds, found.groups.tolist()) == (0.45, [4, 4, 7])
    assert (found.ids, found.sha256) == (("no/a.png", "yes/b.png", "yes/c.png"), ("aa", "bb", "cc"))
    assert (found.sizes, found.notes) == (None, ())


def test_predictions_of_a_cross_validation():
    (found,) = stored.of_cross_validation(record(), [card()])
    assert found.key == ("custom_cnn", "2026-02-03", CROSS_VALIDATION)
    assert found.probabilities.tolist() == [[0.2, 0.8, 0.6], [0.1, 0.4, 0.3]]
    assert found.thresholds.tolist() == [[0.4, 0.5, 0.6]] * 2
    assert found.sizes.tolist() == [[30, 40], [31, 40], [32, 40]]


def test_one_a_group_keeps_all_of_its_scans_parts_together():
    (found,) = stored.of_cross_validation(record())
    one = found.one_a_group()
    assert (one.ids, one.sha256, one.labels.tolist()) == (("no/a.png", "yes/c.png"), ("aa", "cc"), [0, 1])
    assert one.probabilities.tolist() == [[0.2, 0.6], [0.1, 0.3]]
    assert one.thresholds.tolist() == [[0.4, 0.6]] * 2
    assert one.sizes.tolist() == [[30, 40], [32, 40]]
    assert of_card(card(), TEST).one_a_group().thresholds == 0.45


@pytest.mark.parametrize("metadata", [{"predictions": {}}, {"predictions": None}, {"predictions": {"test": []}}])
def test_a_card_without_predictions_says_what_stores_them(metadata):
    found = of_card(card(**metadata), TEST)
    assert isinstance(found, NotStored)
    assert found.reason == "no predictions stored; python -m brain_core train DATASET stores them"


def test_a_row_or_a_record_that_is_missing_says_what_makes_it():
    (none,) = stored.of_cross_validation(None, [card()])
    assert none.reason.startswith("no cross-validation is stored; python -m brain_core evaluate DATASET --protocol cv")
    assert (none.name, none.split) == ("custom_cnn", CROSS_VALIDATION)
    *_, lacking = stored.of_cross_validation(record(), [replace(card(), name="resnet50")])
    assert lacking.reason.startswith("the stored cross-validation has no row for it")


def test_fields_of_an_older_record_that_are_missing_are_noted():
    bare = [{"label": row["label"], "probability": {"ensemble": [0.5]}} for row in ROWS]
    (found,) = stored.of_cross_validation({"scans": bare})
    assert (found.version, found.thresholds, found.sizes) == ("unknown", 0.5, None)
    assert found.groups.tolist() == [0, 1, 2]
    assert found.ids == ("", "", "")
    assert found.notes == (
        "the folds' thresholds are not stored: 0.5 stands in for them",
        "near-duplicate groups are not stored: every scan is taken for distinct",
    )


def test_missing_predictions_are_nan_and_counted():
    scans = [SCANS[0], {**SCANS[1], "probability": {"custom_cnn": [0.8, None]}}, {**SCANS[2], "probability": {}}]
    (found,) = stored.of_cross_validation(record(scans=scans))
    assert np.isnan(found.probabilities).tolist() == [[False, False, True], [False, True, True]]
    assert found.notes == ("2 of 3 scans lack a prediction and are left out",)
    alone = of_card(card(predictions={"test": [{"label": 1, "group": 3}, {"label": 0, "group": 2}]}), TEST)
    assert alone.notes == ("2 of 2 scans lack a prediction and are left out",)
    assert (alone.metrics().n, alone.metrics().missing) == (0, 2)


def test_measured_are_the_scans_that_lack_no_prediction_at_their_own_thresholds():
    """Of three scans the second lacks a repeat; 0.2 against 0.4 and 0.6 against 0.6 are both decided rightly."""
    scans = [SCANS[0], {**SCANS[1], "probability": {"custom_cnn": [0.8, None]}}, SCANS[2]]
    (found,) = stored.of_cross_validation(record(scans=scans))
    assert found.scored.probabilities.tolist() == [[0.2, 0.6], [0.1, 0.3]]
    assert found.scored.groups.tolist() == [4, 7]
    m = found.metrics()
    assert (m.n, m.groups, m.positives, m.missing) == (2, 2, 1, 1)
    assert (m.threshold, m.accuracy.value, m.recall.value) == (0.5, 0.75, 0.5)  # second repeat: 0.3 misses


def test_settings_that_differ_from_the_version_in_service_are_noted():
    setups = {"custom_cnn": {"training": {"epochs": 35, "keep": "best", "new": 1}, "preprocessing": {"crop": "head"}}}
    (found,) = stored.of_cross_validation(record(setups=setups), [card(preprocessing={"crop": "head"})])
    assert found.notes == ("measured with other settings than the version in service: epochs",)


def test_another_rule_than_that_of_the_version_in_service_is_noted():
    best, fixed = ({"rule": rule, "threshold": 0.5} for rule in ("best balanced accuracy", "default"))
    (same,) = stored.of_cross_validation(record(), [card(operating_point=best)])
    (other,) = stored.of_cross_validation(record(), [card(operating_point=fixed)])
    assert same.notes == ()
    assert other.notes == (
        "the version in service decides by another rule (default) than the folds here (best balanced accuracy)",
    )


def test_other_data_than_the_version_in_service_are_noted():
    of_a, of_b = ({"fingerprint": name} for name in "ab")
    (same,) = stored.of_cross_validation(record(data=of_a), [card(data=of_a)])
    (unknown,) = stored.of_cross_validation(record(data=of_a), [card(data={})])
    (other,) = stored.of_cross_validation(record(data=of_a), [card(data=of_b)])
    assert (same.notes, unknown.notes) == ((), ())
    assert other.notes == ("measured on other data than the version in service was trained on",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"a": 1}, "expected a list. Received: {'a': 1}"),
        ([7], "expected a table. Received: 7"),
        ([{"label": 2, "probability": 0.5}], "expected labels 0 or 1. Received: 2"),
        ([{"probability": 0.5}], "expected labels 0 or 1. Received: None"),
        ([{"label": 1, "probability": 1.5}], r"expected values in 0..1. Received: 1.5"),
        ([{"label": 1, "probability": "high"}], "expected numbers. Received: could not convert"),
    ],
)
def test_damaged_predictions_are_named(rows, message):
    with pytest.raises(ResultsError, match=f"custom_cnn 2026-01-01-abc, test predictions is damaged: {message}"):
        of_card(card(predictions={"test": rows}), TEST)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scans": 3}, "expected a list. Received: 3"),
        ({"scans": ["x"]}, "expected a table"),
        ({"scans": [{**SCANS[0], "probability": [0.1]}]}, "expected a table"),
        ({"scans": [*SCANS, {**SCANS[0], "probability": {"custom_cnn": [0.1]}}]}, r"as many repeats.*\[1, 2\] repeats"),
        ({"scans": [{**SCANS[0], "threshold": {"custom_cnn": [0.1]}}]}, "as many thresholds as probabilities, 2"),
    ],
)
def test_a_damaged_cross_validation_is_named_with_the_way_to_mend_it(changes, message):
    with pytest.raises(ResultsError, match=f"cross-validation.*damaged: .*{message}.*evaluate DATASET --protocol cv"):
        stored.of_cross_validation(record(**changes))


def test_a_file_that_is_not_json_is_named(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "cross_validation.json").write_text("{")
    with pytest.raises(ResultsError, match="stored cross-validation is damaged: expected JSON"):
        stored.stored_results([])


def test_the_checksum_changes_with_any_prediction_threshold_or_record(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    moved = replace(card(), operating_point=OperatingPoint(0.46, "reader", "test"))
    other = card(predictions={"test": [{**ROWS[0], "probability": 0.21}]})
    sums = [stored.stored_results([each]).checksum for each in (card(), moved, other)]
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "cross_validation.json").write_text(json.dumps(record()))
    sums.append(stored.stored_results([card()]).checksum)
    assert len(set(sums)) == 4
    assert stored.stored_results([card()]).checksum == sums[-1]


def test_what_is_available_can_be_had_and_what_is_not_says_why(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    results = stored.stored_results([card()])
    version = "2026-01-01-abc"
    assert results.available == (("custom_cnn", version, VALIDATION), ("custom_cnn", version, TEST))
    assert results.get("custom_cnn", TEST) is results.found[1]
    assert results.get("custom_cnn", CROSS_VALIDATION).reason.startswith("no cross-validation is stored")
    assert results.get("custom_cnn", TEST, "older").reason == "no such result is stored"


def test_the_shipped_results_give_the_stored_figures(set_environment):
    """The models and the cross-validation in this repository: figures computed anew are those of their records."""
    set_environment(BRAIN_MODELS_DIR=PROJECT / "saved_models")
    cards = [read_card(name) for name in ("custom_cnn", "resnet50")]
    results = stored.stored_results(cards)
    for each in cards:
        for split in (VALIDATION, TEST):
            found, expected = results.get(each.name, split), each.metadata["metrics"][split]
            m = found.metrics()
            assert m.to_json()["roc_auc"] == pytest.approx(expected["roc_auc"], abs=0.01)  # six digits are stored
            assert m.to_json()["f1"] == pytest.approx(expected["f1"])
    rows = read_results("cross_validation")["rows"]
    found = [result.one_a_group() for result in results.found if result.split == CROSS_VALIDATION]
    assert {result.name for result in found} == set(rows)
    for result in found:
        m = result.metrics().to_json()
        for name, expected in rows[result.name]["at"]["balanced_accuracy"].items():
            assert m[name] == pytest.approx(expected, abs=1e-6), (result.name, name)


def test_importing_needs_no_tensorflow():
    script = (
        "import sys, brain_core.evaluation.stored_results; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_common_scans_are_matched_by_checksum_and_name_in_the_order_of_the_first():
    first = of_card(card(), TEST)
    turned = [{**row, "probability": row["probability"] / 2} for row in reversed(ROWS)]
    other = [{"id": "no/a.png", "sha256": "another", "group": 9, "label": 0, "probability": 0.7}]
    second = of_card(card(predictions={"test": other + turned[:2]}), TEST)  # c and b, and an a that is another file
    one, two = stored.common(first, second)
    assert one.ids == two.ids == ("yes/b.png", "yes/c.png")
    assert one.probabilities.tolist() == [[0.9, 0.6]] and two.probabilities.tolist() == [[0.45, 0.3]]


def test_without_a_common_scan_nothing_is_left():
    other = [{**row, "sha256": "zz"} for row in ROWS]
    one, two = stored.common(of_card(card(), TEST), of_card(card(predictions={"test": other}), TEST))
    assert one.probabilities.shape == two.probabilities.shape == (1, 0)
