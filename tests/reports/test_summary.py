"""The numbers of `report`: those of `metrics.compute`, and words where there are none."""

import json

import pytest

from brain_core import metrics
from brain_core.figures import UNDEFINED
from brain_core.reports.stored import Stored
from brain_core.reports.summary import summary
from brain_core.reports.summary_markdown import markdown
from tests.reports.stored_results import LABELS, SCORES, THRESHOLD, card, record, rows, stored

COMMAND = "python -m brain_core report"
GROUPS = [1, *range(1, 14)]
NO_CERTAINTY = "An interval without width is no sign of certainty"


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_figures_are_those_of_metrics(name, part):
    expected = metrics.compute(LABELS, SCORES[name], THRESHOLD, GROUPS).to_json()
    found = summary(stored(), COMMAND)["models"][name]
    found[part].pop("wilson", None)
    assert found[part] == {"source": "computed from stored predictions", **expected}
    assert found["version"] == f"test-{name}"


def test_cross_validation_is_as_stored_without_its_scans():
    found = summary(stored(cross_validation=record()), COMMAND)["cross_validation"]
    assert found == {"protocol": record()["protocol"], "rows": record()["rows"]}


def test_every_figure_has_a_reason_to_be_missing():
    """Of no scan with a tumour, none called one: all but those of scans without one."""
    found = summary(stored(predictions={"test": rows([0.1] * 14, [0] * 14)}), COMMAND)
    test = found["models"]["resnet50"]["test"]
    missing = {key for key, value in test.items() if isinstance(value, dict) and value.get("value", 0) is None}
    assert missing == UNDEFINED.keys() - {"accuracy", "specificity", "npv", "brier", "ece"}
    assert all(test[key]["reason"] == UNDEFINED[key] for key in missing)
    assert "| ROC-AUC | not computed: only one class |" in markdown(found)
    json.dumps(found, allow_nan=False)


def test_what_was_left_out_is_said():
    """The first scan without a prediction, no group stored."""
    old = [{key: value for key, value in row.items() if key != "group"} for row in rows(SCORES["resnet50"])]
    old[0]["probability"] = None
    test = summary(stored(predictions={"test": old}), COMMAND)["models"]["resnet50"]["test"]
    assert test["source"] == (
        "computed from stored predictions; 1 of 14 scans lack a prediction and are left out; "
        "near-duplicate groups are not stored: every scan is taken for distinct"
    )
    assert (test["n"], test["groups"], test["missing"]) == (13, 13, 1)


def test_stored_figures_stand_in_where_predictions_are_not_stored():
    counts = {"n": 20, "groups": 20, "positives": 10, "threshold": 0.5}
    old = counts | {"accuracy": {"value": 0.5, "low": 0.25, "high": 0.75}, "brier": 0.25}
    found = summary(stored(predictions=None, metrics={"test": old}), COMMAND)
    why = "not stored: predictions of the locked test (python -m brain_core train DATASET)"
    assert found["models"]["resnet50"]["test"] == {"source": "as stored", "predictions": why, **old}
    text = markdown(found)
    assert "| accuracy | 0.500 (0.250 to 0.750) | 0.500 (0.250 to 0.750) |" in text
    not_stored = "not computed: not stored by the version that wrote this record"
    assert f"| ROC-AUC | {not_stored} | {not_stored} |" in text
    assert "| Brier | 0.250 | 0.250 |" in text
    assert f"ResNet50: as stored; {why}." in text
    assert "ResNet50: not stored: predictions of the validation (python -m brain_core train DATASET)." in text


@pytest.mark.parametrize("figures", [{"n": 7}, [7], {"n": 20, "groups": 20, "positives": 1, "threshold": 0.5, "f1": 1}])
def test_stored_figures_that_are_damaged_are_named_and_the_rest_goes_on(figures):
    found = summary(stored(predictions={"validation": rows(SCORES["resnet50"])}, metrics={"test": figures}), COMMAND)
    assert found["models"]["resnet50"]["test"].keys() == {"reason"}
    text = markdown(found)
    assert "ResNet50: not computed: Metrics: expected a stored record of figures. Received: " in text
    assert "| n | 14 | 14 |" in text


def test_damaged_predictions_are_named_and_the_rest_goes_on():
    found = summary(stored(predictions={"test": "x", "validation": rows(SCORES["resnet50"])}), COMMAND)
    text = markdown(found)
    assert "ResNet50: not computed: resnet50 test-resnet50, test predictions is damaged: expected a list." in text
    assert "| n | 14 | 14 |" in text


def test_markdown_names_command_versions_n_and_baselines():
    text = markdown(summary(stored(cross_validation=record()), COMMAND))
    assert f"Written by `{COMMAND}`." in text
    assert "| ResNet50 | `test-resnet50` | 1,234 | 0.500 (default, nothing) | `abababababab` |" in text
    assert "| n | 14 | 14 |" in text
    assert "|  | ResNet50 | metadata only |" in text
    assert "| ROC-AUC | 0.875 (0.700 to 1.000) | 0.875 (0.700 to 1.000) |" in text


def test_markdown_says_what_is_not_stored():
    one = Stored({"resnet50": card("resnet50")}, {"custom_cnn": "custom_cnn_fixed.json is missing"}, {})
    text = markdown(summary(one, COMMAND))
    assert "| Custom CNN | not stored: custom_cnn_fixed.json is missing |" in text
    assert "Custom CNN: not stored: custom_cnn_fixed.json is missing." in text
    assert "not stored: cross-validation (python -m brain_core evaluate DATASET --protocol cv --store)." in text


def test_an_interval_without_width_is_said_to_be_no_certainty_with_wilsons_beside_it():
    """ResNet50 finds all 8 tumours, of 7 groups worth 8 * 8 / (2 * 2 + 6) = 6.4 scans: 6.4 / (6.4 + 1.96²) = 0.625."""
    found = summary(stored(), COMMAND)
    assert found["models"]["resnet50"]["test"]["wilson"] == {
        "recall": {"low": pytest.approx(0.6249, abs=1e-4), "high": 1}
    }
    assert "wilson" not in found["models"]["custom_cnn"]["test"]
    text = markdown(found)
    assert text.count(NO_CERTAINTY) == 2  # the test and the validation
    assert "worth: ResNet50, sensitivity 0.625 to 1.000.\n" in text


@pytest.mark.parametrize(
    "scans", [rows(SCORES["custom_cnn"]), rows(SCORES["resnet50"][:7], LABELS[:7])], ids=["width", "no interval"]
)
def test_where_no_interval_lacks_width_nothing_is_said_of_it(scans):
    found = stored(predictions={part: scans for part in ("test", "validation")})
    assert NO_CERTAINTY not in markdown(summary(found, COMMAND))


def test_of_a_cross_validation_it_is_said_without_wilsons():
    only = record()
    only["rows"]["metadata only"]["at"]["balanced_accuracy"]["specificity"] = {"value": 0.0, "low": 0.0, "high": 0.0}
    found = stored(predictions=None, cross_validation=only)
    assert f"\n{NO_CERTAINTY}: all its scans show the same, so that no draw of them can differ.\n" in markdown(
        summary(found, COMMAND)
    )
