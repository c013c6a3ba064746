"""The numbers of `report`: those of `metrics.compute`, and words where there are none."""

import json

import pytest

from brain_core import metrics
from brain_core.reports.estimates import FIGURES, REASONS, shown
from brain_core.reports.stored import Stored
from brain_core.reports.summary import summary
from brain_core.reports.summary_markdown import markdown
from tests.reports.stored_results import LABELS, SCORES, THRESHOLD, card, record, rows, stored

COMMAND = "python -m brain_core report"
GROUPS = [1, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_figures_are_those_of_metrics(name, part):
    expected = metrics.compute(LABELS, SCORES[name], THRESHOLD, GROUPS).to_json()
    found = summary(stored(), COMMAND)["models"][name]
    assert found[part] == {"source": "computed from stored predictions", **expected}
    assert found["version"] == f"test-{name}"


def test_cross_validation_is_as_stored_without_its_scans():
    found = summary(stored(cross_validation=record()), COMMAND)["cross_validation"]
    assert found == {"protocol": record()["protocol"], "rows": record()["rows"]}


def test_every_figure_has_a_reason_to_be_missing():
    """Of no scan with a tumour, none called one: all but accuracy and specificity."""
    found = summary(stored(predictions={"test": rows([0.1] * 7, [0] * 7)}), COMMAND)
    test = found["models"]["resnet50"]["test"]
    missing = {key for _, key in FIGURES if test[key]["value"] is None}
    assert missing == REASONS.keys() - {"accuracy", "specificity"}
    assert all(test[key]["reason"] == REASONS[key] for key in missing)
    assert "| ROC-AUC | not computed: only one class is present |" in markdown(found)
    json.dumps(found, allow_nan=False)


def test_stored_figures_stand_in_where_predictions_are_not_stored():
    old = {"n": 7, "threshold": 0.5, "accuracy": {"value": 0.5, "low": 0.25, "high": 0.75}, "brier": 0.25}
    found = summary(stored(predictions=None, metrics={"test": old}), COMMAND)
    assert found["models"]["resnet50"]["test"] == {"source": "as stored", **old}
    text = markdown(found)
    assert "| accuracy | 0.500 (0.250 to 0.750) | 0.500 (0.250 to 0.750) |" in text
    assert "| ROC-AUC | not stored | not stored |" in text
    assert "ResNet50: not stored: predictions of the validation." in text


def test_markdown_names_command_versions_n_and_baselines():
    text = markdown(summary(stored(cross_validation=record()), COMMAND))
    assert f"Written by `{COMMAND}`." in text
    assert "| ResNet50 | `test-resnet50` | 1,234 | 0.500 (default, nothing) | `abababababab` |" in text
    assert "| n | 7 | 7 |" in text
    assert "|  | ResNet50 | metadata only |" in text
    assert "| ROC-AUC | 0.875 (0.700 to 1.000) | 0.875 (0.700 to 1.000) |" in text


def test_markdown_says_what_is_not_stored():
    one = Stored({"resnet50": card("resnet50")}, {"custom_cnn": "custom_cnn_fixed.json is missing"}, {})
    text = markdown(summary(one, COMMAND))
    assert "| Custom CNN | not stored: custom_cnn_fixed.json is missing |" in text
    assert "Custom CNN: not stored: custom_cnn_fixed.json is missing." in text
    assert "not stored: cross-validation (python -m brain_core evaluate DATASET --protocol cv --store)." in text


def test_an_estimate_without_interval():
    assert shown({"value": 0.5, "low": None, "high": None}) == "0.500 (interval not computed)"
