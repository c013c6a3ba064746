"""The Metrics page: figures by hand, baselines beside the models, links, errors with their scans, what is lacking."""

from __future__ import annotations

import hashlib
import json
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from brain_core.registry import CROSS_VALIDATION, FOCUS, LOCALISATION, results_file
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.ui import models
from tests.pages.steps import PROJECT, assert_no_failure, html, open_file, words
from tests.ui.service import store_predictions

# Internal testing at the threshold 0.4: the CNN misses one of 4 tumours and alarms on one of 4 others; ResNet50 misses
# one and alarms on two.
TUMOURS, OTHERS = (0.9, 0.8, 0.6, 0.3), (0.7, 0.2, 0.1, 0.05)
SECOND = (0.9, 0.8, 0.35, 0.6), (0.7, 0.6, 0.1, 0.05)
CNN, RESNET = "custom_cnn", "resnet50"
FILES = {CNN: "custom_cnn_fixed.json", RESNET: "resnet50_transfer.json"}
HOSTILE = "no/<img src=x onerror=alert(1)>.png"


@pytest.fixture
def measured(in_service, set_environment, tmp_path):
    """Both models in service with predictions on the same eight scans of internal testing."""
    set_environment(BRAIN_HOME=tmp_path / "home")
    store_predictions(in_service, CNN, test=(TUMOURS, OTHERS))
    store_predictions(in_service, RESNET, test=SECOND)
    return in_service


def cross_validation(models_dir, **probabilities: list[list[float]]) -> dict:
    """Store two repeats of 24 scans, a tumour and another in turn, each of its own group, by row; threshold 0.5."""
    names = {name.replace("_only", " only"): columns for name, columns in probabilities.items()}
    scans = [
        {
            "id": f"{i}.png",
            "sha256": f"{i:016x}",
            "group": i,
            "label": i % 2,
            "width": 100,
            "height": 100,
            "probability": {name: columns[i] for name, columns in names.items()},
            "threshold": {name: [0.5, 0.5] for name in names},
        }
        for i in range(24)
    ]
    record = {"created": "2026-02-03T10:00:00+00:00", "protocol": {"repeats": 2}, "scans": scans}
    write(models_dir, CROSS_VALIDATION, record)
    return record


def write(models_dir, what: str, record) -> None:
    path = models_dir / "results" / f"{what}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(record if isinstance(record, str) else json.dumps(record))


open_metrics = partial(open_file, "2_Metrics")


def table(page: AppTest, column: str):
    """The dataframe that has this column."""
    return next(frame.value for frame in page.dataframe if column in frame.value)


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def test_figures_of_internal_testing_by_hand(measured):
    found = table(open_metrics(), "Custom CNN")
    assert found["Custom CNN"]["n (distinct)"] == "8 (8)" and found["Custom CNN"]["with a tumour"] == "4"
    assert found["Custom CNN"]["Threshold"] == "0.400"
    assert found["Custom CNN"]["ROC-AUC"].startswith("0.875 (")  # 14 of 16 pairs in order
    assert found["Custom CNN"]["Accuracy"].startswith("0.750 (")
    assert found["ResNet50"]["Sensitivity (recall)"].startswith("0.750 (")
    assert found["ResNet50"]["Specificity"].startswith("0.500 (")
    # Squares of the CNN: .01 + .04 + .16 + .49 with a tumour, .49 + .04 + .01 + .0025 without.
    assert found["Custom CNN"]["Brier score"].startswith("0.155 (")


def test_the_page_says_why_the_intervals_of_the_ece_lie_high(measured):
    page = open_metrics()
    assert "its interval lies high" in captions(page)
    assert {metric.label: "lies high" in metric.help for metric in page.metric[:4]} == {
        "ROC-AUC": False, "Sensitivity": False, "Specificity": False, "ECE": True,
    }  # fmt: skip


def test_fewer_than_ten_distinct_scans_have_no_interval(measured):
    found = table(open_metrics(), "Custom CNN")
    assert found["Custom CNN"]["ROC-AUC"] == "0.875 (interval not computed: fewer than 10 distinct scans)"


def test_at_a_half_the_threshold_is_a_half(measured):
    found = table(open_metrics(at="0.5"), "ResNet50")
    assert set(found.loc["Threshold"]) == {"0.500"}


def test_one_class_is_not_computed_and_says_so(in_service):
    store_predictions(in_service, CNN, test=(TUMOURS, ()))
    found = table(open_metrics(), "Custom CNN")["Custom CNN"]
    assert found["ROC-AUC"] == "not computed: only one class"
    assert found["Specificity"] == "not computed: no scan without a tumour"
    for section in ("Discrimination", "Calibration", "Decision curve", "Errors"):
        assert "not computed: only one class" in captions(open_metrics(show=section)) or section == "Errors"


def test_baselines_stand_beside_the_models_of_a_cross_validation(measured):
    right = [[0.9, 0.8] if i % 2 else [0.1, 0.6] for i in range(24)]  # the second repeat alarms on every scan
    cross_validation(measured, resnet50=right, metadata_only=[[0.7, 0.7]] * 24)
    page = open_metrics()
    found = table(page, "ResNet50")
    assert list(found) == ["ResNet50", "Metadata only"]
    assert "measured 2026-02-03 in 2 repeats of the folds" in words(page)
    assert found["ResNet50"]["Accuracy"].startswith("0.750 (")  # the mean of 1 and 1/2
    assert found["ResNet50"]["ROC-AUC"].startswith("1.000 (")
    assert found["Metadata only"]["ROC-AUC"].startswith("0.500 (")
    assert found["Metadata only"]["Sensitivity (recall)"].startswith("1.000 (")
    assert "Custom CNN, cross-validation: the stored cross-validation has no row for it" in captions(page)


def test_the_address_reopens_what_was_chosen(measured):
    cross_validation(measured, resnet50=[[0.5, 0.5]] * 24)
    page = open_metrics(split="test", model=CNN, show="Errors")
    assert page.multiselect[0].value == [CNN]
    assert set(table(page, "Distance")["Model"]) == {"Custom CNN"}
    page.multiselect[0].set_value([RESNET]).run()
    assert page.query_params["model"] == RESNET and page.query_params["split"] == "test"


def test_without_a_model_the_page_says_what_to_do(measured):
    page = open_metrics()
    page.multiselect[0].set_value([]).run()
    assert_no_failure(page)
    assert "Choose a model above." in captions(page)


@pytest.mark.parametrize("section", ["Discrimination", "Calibration", "Decision curve"])
def test_every_chart_has_words_beside_it(measured, section):
    page = open_metrics(show=section)
    assert page.get("plotly_chart")
    expected = {
        "Discrimination": "ROC-AUC: Custom CNN 0.875",
        "Calibration": "Slope not computed: fewer than 10 distinct scans of a class",
        "Decision curve": "not computed: fewer than 10 distinct scans",
    }
    assert expected[section] in captions(page)


def test_two_models_are_compared_on_the_same_scans(measured):
    page = open_metrics(show="Comparison")
    told = words(page)
    assert "On the same 8 scans (4 with a tumour), Custom CNN reaches a ROC-AUC of 0.875 and ResNet50" in told
    assert list(table(page, "Custom CNN less ResNet50")) == ["Custom CNN less ResNet50"]


def test_a_comparison_counts_who_is_right_alone(measured):
    other = [[0.2, 0.2] if i < 6 else [0.9, 0.9] if i % 2 else [0.1, 0.1] for i in range(24)]  # misses 3 tumours
    mine = [[0.9, 0.9] if i % 2 else [0.1, 0.1] for i in range(24)]
    cross_validation(measured, custom_cnn=other, resnet50=mine)
    told = words(open_metrics(show="Comparison", first=RESNET))
    assert "only ResNet50 is right on 3 scans and only Custom CNN on 0 of 24" in told
    assert "p = 0.250 (exact McNemar)" in told  # two heads or tails of three: 2 / 2 ** 3


def test_models_without_a_common_scan_are_not_compared(measured):
    path = measured / "resnet50_transfer.json"
    metadata = json.loads(path.read_text())
    for row in metadata["predictions"]["test"]:
        row["sha256"] = "f" * 16
    path.write_text(json.dumps(metadata))
    assert "have no scan of this split in common" in captions(open_metrics(show="Comparison"))


def test_one_model_alone_is_compared_with_nothing(in_service):
    store_predictions(in_service, CNN, test=(TUMOURS, OTHERS))
    assert "Choose a second model above" in captions(open_metrics(show="Comparison"))


def test_every_wrong_scan_is_listed_the_farthest_first(measured):
    page = open_metrics(show="Errors")
    found = table(page, "Distance")
    rows = [(r["Model"], r["Scan"], round(r["Distance"], 3)) for _, r in found.iterrows()]
    assert rows[0][2] == 0.3 and {row[:2] for row in rows[:2]} == {("Custom CNN", "0/4.png"), ("ResNet50", "0/4.png")}
    assert rows[2:] == [("ResNet50", "0/5.png", 0.2), ("Custom CNN", "1/3.png", -0.1), ("ResNet50", "1/2.png", -0.05)]
    assert "Wrong: Custom CNN 2 of 8, ResNet50 3 of 8 scans" in captions(page)


def test_a_scan_that_is_wrong_in_one_repeat_is_listed_with_it(measured):
    repeats = [[0.9, 0.2] if i == 1 else [0.9, 0.9] if i % 2 else [0.1, 0.1] for i in range(24)]
    cross_validation(measured, resnet50=repeats)
    (row,) = table(open_metrics(show="Errors"), "Wrong in").to_dict("records")
    assert (row["Scan"], row["Wrong in"], row["Scans in its group"]) == ("1.png", "1 of 2", 1)
    assert (row["Probability"], round(row["Distance"], 3)) == (0.55, 0.05)


def test_a_scan_without_a_threshold_is_not_called_wrong(measured):
    record = cross_validation(measured, resnet50=[[0.9, 0.9] if i % 2 else [0.1, 0.1] for i in range(24)])
    record["scans"][1]["threshold"]["resnet50"] = [None, None]
    record["scans"][3]["probability"]["resnet50"] = [0.2, 0.2]
    write(measured, CROSS_VALIDATION, record)
    page = open_metrics(show="Errors")
    assert list(table(page, "Distance")["Scan"]) == ["3.png"]
    assert "1 of 24 scans lack a prediction and are left out" in captions(page)


def name_the_first_scan(models_dir, id: str, sha256: str) -> None:
    path = models_dir / "custom_cnn_fixed.json"
    metadata = json.loads(path.read_text())
    metadata["predictions"]["test"][4] |= {"id": id, "sha256": sha256[:16]}
    path.write_text(json.dumps(metadata))


def select(page: AppTest, row: int) -> AppTest:
    page.session_state["metrics_mistakes"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    page.run()
    assert_no_failure(page)
    return page


def test_a_selected_error_shows_its_scan_with_the_maps(measured, set_environment, tmp_path, encode):
    data = encode(draw(Phantom(seed=3, lesion=Lesion(), size=128)).pixels)
    (tmp_path / "data" / "no").mkdir(parents=True)
    (tmp_path / "data" / "no" / "a.png").write_bytes(data)
    set_environment(BRAIN_MODELS_DIR=measured, BRAIN_DATA_DIR=tmp_path / "data")
    name_the_first_scan(measured, "no/a.png", hashlib.sha256(data).hexdigest())
    for model in models.current():
        assert model.wait(120)
    page = open_metrics(show="Errors", model=CNN)
    assert not page.image
    select(page, 0)
    assert len(page.image) == 3 and "no/a.png" in words(page)
    assert "Custom CNN, in service: " in words(page)


def test_a_scan_that_is_not_at_hand_says_how_to_have_it(measured):
    name_the_first_scan(measured, HOSTILE, "0" * 16)
    page = select(open_metrics(show="Errors", model=CNN), 0)
    assert "Its picture is not at hand" in words(page)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html(page) and "<img" not in html(page)


def test_the_training_history_has_its_phases(measured):
    path = measured / "custom_cnn_fixed.json"
    epoch = {"loss": 0.5, "accuracy": 0.7, "auc": 0.8, "val_loss": 0.4, "val_accuracy": 0.75, "val_auc": 0.9}
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"history": {"phase 1": [epoch] * 3, "phase 2": [epoch] * 2}})
    )
    page = open_metrics(show="Training")
    assert "5 epochs: phase 1 to epoch 3, phase 2 to epoch 5." in captions(page)
    assert "Last epoch: training 0.500, validation 0.400." in captions(page)
    assert len(page.get("plotly_chart")) == 3
    assert captions(page).count("The training history is not stored") == 1  # ResNet50's


def test_localisation_is_shown_as_it_was_stored(measured):
    assert "Not stored: how well the heatmaps point" in captions(open_metrics(show="Where they look"))
    estimate = {"value": 0.45, "low": 0.36, "high": 0.54}
    row = {"source": RESNET, "layer": "conv5", "n": 137, "flat": 0, "pointing": estimate, "energy": estimate}
    without = {"source": RESNET, "n": 50, "left_out": 87, "told_apart": 0.6, "still": estimate, "found": estimate}
    without["change"] = {"value": -0.1, "low": -0.2, "high": -0.05}
    record = {"data": "outlined", "n": 137, "rows": [row], "versions": {RESNET: "test-2"}, "erased": [without]}
    write(measured, LOCALISATION, record)
    page = open_metrics(show="Where they look")
    assert table(page, "Pointing game")["Pointing game"][0] == "0.450 (0.360 to 0.540)"
    (erased,) = table(page, "Still, with the tumour erased").to_dict("records")
    assert erased["Scans (left out)"] == "50 (87)"
    assert erased["Still, with the tumour erased"] == "0.450 (0.360 to 0.540)"
    assert erased["Change of the probability"] == "-0.100 (-0.200 to -0.050)"
    assert "older version" not in words(page)
    write(measured, LOCALISATION, record | {"versions": {RESNET: "test-1"}})
    assert "Measured with an older version of ResNet50" in words(open_metrics(show="Where they look"))
    write(measured, LOCALISATION, '{"rows": [{}]}')
    assert "The stored localisation is damaged" in words(open_metrics(show="Where they look"))


def test_the_comparison_of_focus_is_shown_by_who_is_right(measured):
    assert "Not stored: how far the models' heatmaps agree: no comparison" in captions(
        open_metrics(show="Where they look")
    )
    both = {CNN: 0.9, RESNET: 0.8}
    values = {"sha256": "aa", "label": 1, "reason": None}
    rows = [
        {"id": "a.png", "group": 1, "probabilities": both, "correlation": 0.5, "overlap": 0.25} | values,
        {"id": "b.png", "group": 2, "probabilities": both | {CNN: 0.1}, "correlation": 0.1, "overlap": 0.05} | values,
    ]
    cards = {name: json.loads((measured / file).read_text()) for name, file in FILES.items()}
    record = {
        "data": "phantoms",
        "versions": {name: card["version"] for name, card in cards.items()},
        "layers": {name: card["gradcam_layer"] for name, card in cards.items()},
        "rows": rows,
    }
    write(measured, FOCUS, record)
    page = open_metrics(show="Where they look")
    found = table(page, "Overlap of the hottest tenth").set_index("Scans")
    assert found["Rank correlation"]["All"].startswith("0.300 (interval not computed: fewer than 10 distinct")
    assert found["Overlap of the hottest tenth"]["Both right"].startswith("0.250 (")
    assert found["n (distinct)"]["One wrong"] == "1 (1)"
    assert found["Rank correlation"]["Both wrong"] == "not computed: no such scan"
    assert list(table(page, "Right")["Right"]) == ["Custom CNN and ResNet50", "ResNet50"]
    write(measured, FOCUS, record | {"rows": 3})
    assert "The stored comparison of focus is damaged" in words(open_metrics(show="Where they look"))


def test_a_damaged_record_is_named(measured):
    write(measured, CROSS_VALIDATION, "{")
    assert "stored cross-validation is damaged" in words(open_metrics())


def test_what_ships_is_shown_as_the_evaluation_stored_it(set_environment):
    set_environment(BRAIN_MODELS_DIR=PROJECT / "saved_models")
    record = json.loads(results_file(CROSS_VALIDATION).read_text())
    found = table(open_metrics(), "Metadata only")
    titles = {"resnet50": "ResNet50", "custom_cnn": "Custom CNN", "metadata only": "Metadata only"}
    for name, title in titles.items():
        if name in record["rows"]:
            stored = record["rows"][name]["at"]["balanced_accuracy"]
            for row, key in (("ROC-AUC", "roc_auc"), ("Accuracy", "accuracy"), ("Specificity", "specificity")):
                e = stored[key]
                assert found[title][row] == f"{e['value']:.3f} ({e['low']:.3f} to {e['high']:.3f})"
