"""The page When it fails: the overview, every lesson with and without stored results, and what is damaged."""

from __future__ import annotations

import html
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from brain_core.datasets.index import list_items
from brain_core.input_gate import InputGate
from brain_core.models import MODELS
from brain_core.registry import CROSS_VALIDATION, INPUT_GATE, LOCALISATION, read_card, sha256_of
from brain_core.scans.phantom import write_dataset
from brain_core.teaching import cases
from brain_core.teaching.cases import LESSONS
from tests.pages.steps import assert_no_failure, open_file, wait_for_models, words
from tests.ui.service import store_predictions

ESTIMATE = {"value": 0.7, "low": 0.6, "high": 0.8}
RECORDS = {
    CROSS_VALIDATION: {
        "robustness": {"custom_cnn": [{"change": "mirrored", "mean": 0.1, "worst": 0.5, "relabelled": 0.25}]},
        "rows": {"metadata only": {"at": {"default": {"n": 20, "roc_auc": ESTIMATE}}}},
    },
    LOCALISATION: {"n": 12, "rows": [{"source": "custom_cnn", "pointing": ESTIMATE, "energy": ESTIMATE}]},
    INPUT_GATE: {"other_things": {"noise": {"n": 40, "flagged": 39, "share": 0.975, "low": 0.87, "high": 1.0}}},
}


@pytest.fixture
def measured(in_service):
    """The CNN misses 0.3 and alarms at 0.7; ResNet50 is right. Thresholds are 0.4."""
    store_predictions(in_service, "custom_cnn", test=((0.9, 0.8, 0.6, 0.3), (0.7, 0.2, 0.1, 0.05)))
    store_predictions(in_service, "resnet50", test=((0.9, 0.8, 0.6, 0.5), (0.3, 0.2, 0.1, 0.05)))
    for what, record in RECORDS.items():
        write(in_service, what, json.dumps(record))
    return in_service


def write(models_dir, what: str, text: str) -> None:
    path = models_dir / "results" / f"{what}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def open_lesson(key: str | None = None) -> AppTest:
    wait_for_models()
    return open_file("10_When_it_fails", **({"lesson": key} if key else {}))


def told(page: AppTest) -> str:
    return html.unescape(words(page)) + " ".join(caption.value for caption in page.caption)


def table(page: AppTest, column: str):
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_the_overview_lists_every_lesson_and_opens_one(in_service):
    page = open_lesson()
    assert all(lesson.title in words(page) for lesson in LESSONS)
    assert "doi.org/10.1038/s42256-021-00338-7" in words(page) and page.button(key="failures_previous").disabled
    page.button(key=f"failures_open_{cases.UNLIKE}").click().run()
    assert_no_failure(page)
    assert page.query_params["lesson"] == cases.UNLIKE and page.button(key="failures_next").disabled
    page.button(key="failures_previous").click().run()
    assert page.selectbox(key="failures_lesson").value == cases.BIAS


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.key)
def test_without_stored_results_every_lesson_says_so_and_still_teaches(in_service, lesson):
    page = open_lesson(lesson.key)
    assert f"Ask the class. {lesson.question}" in told(page)
    assert lesson.answer[-1] in told(page) and "References" in words(page)
    assert "ot stored" in told(page) or "No predictions of the models in service are stored" in told(page)


def test_confident_and_wrong_by_hand(measured):
    page = open_lesson(cases.WRONG)
    assert "Custom CNN says: ▲ Tumour 0.700 threshold 0.400" in words(page)
    assert "Custom CNN says: ● No tumour 0.300" in words(page)
    assert "Scan B (1/3.png): the reference standard is tumour." in words(page)
    assert "Its picture is not at hand" in words(page)
    sure = table(page, "Wrong where sure").set_index("Model")
    assert list(sure["Sure of"]) == [3, 3]  # 0.9, 0.1 and 0.05


@pytest.fixture
def one_left(measured):
    """ResNet50 is out of service; the cross-validation has both models, and ResNet50 far more wrong."""
    said = {"custom_cnn": [0.6], "resnet50": [0.01]}
    scans = [
        {"id": f"{n}.png", "group": n, "label": n % 2, "probability": said, "threshold": {name: [0.5] for name in said}}
        for n in range(4)
    ]
    write(measured, CROSS_VALIDATION, json.dumps(RECORDS[CROSS_VALIDATION] | {"scans": scans}))
    (measured / MODELS["resnet50"].file_name).unlink()
    return measured


@pytest.mark.parametrize("lesson", [cases.WRONG, cases.THRESHOLD, cases.PREVALENCE, cases.BIAS])
def test_only_models_in_service_are_shown(one_left, lesson):
    page = open_lesson(lesson)
    assert "ResNet50 says" not in words(page)
    for choice in page.segmented_control:
        assert list(choice.options) == ["Custom CNN"]
    if lesson in (cases.WRONG, cases.BIAS):
        assert list(table(page, "Wrong where sure")["Model"]) == ["Custom CNN"]


def test_answers_of_a_cross_validation_are_judged_by_the_folds_thresholds(in_service):
    said = {"custom_cnn": [0.3, 0.2]}
    scans = [{"id": "0.png", "group": 0, "label": 1, "probability": said, "threshold": {"custom_cnn": [0.5, 0.7]}}]
    write(in_service, CROSS_VALIDATION, json.dumps({"scans": scans}))
    page = open_lesson(cases.WRONG)
    assert "Scan A: no stored answer is wrong in this way (Custom CNN, by the folds' thresholds)." in told(page)
    assert "● No tumour 0.250 mean threshold of the folds 0.600" in words(page)


@pytest.mark.parametrize(
    ("what", "lesson", "versions"),
    [
        (LOCALISATION, cases.MAP, {"versions": {"custom_cnn": "{}", "resnet50": "test-2"}}),
        (INPUT_GATE, cases.UNLIKE, {"model": "custom_cnn", "version": "{}"}),
    ],
)
def test_a_record_of_another_version_says_so(measured, what, lesson, versions):
    for version, warned in (("test-1", False), ("older", True)):
        known = json.loads(json.dumps(versions).replace("{}", version))
        write(measured, what, json.dumps(RECORDS[what] | known))
        assert ("Measured with an older version of Custom CNN: python -m" in words(open_lesson(lesson))) == warned


def test_maps_are_measured_on_phantoms_and_outlined_tumours(measured):
    page = open_lesson(cases.MAP)
    assert "of 16 a tumour; of these its map hits" in told(page)
    assert table(page, "Pointing game")["Pointing game"][0] == "0.70 (0.60 to 0.80)"
    assert "Measured on 12 real scans" in told(page)


def test_marks_at_the_border(measured):
    page = open_lesson(cases.BORDER)
    assert list(table(page, "At the border")["At the border"])[0] == "Nothing"
    assert len(table(page, "At the border")) == 5
    assert table(page, "Change")["Label changed"][0] == "25.0%"
    assert table(page, "ROC-AUC")["From"][0] == "Metadata only"
    page.segmented_control(key="failures_mark").set_value("Nothing").run()
    assert_no_failure(page)


@pytest.fixture
def gate(measured):
    """The CNN's stops every picture: its training scans lie on the other side."""
    card = read_card("custom_cnn")
    InputGate(-np.full((5, 2), 0.5**0.5, np.float32), 0.5, card.sha256, 5).save(card.gate_path)
    path = card.path.with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "with-a-gate"}))  # loaded anew, with its gate


def test_what_the_gate_of_one_model_stops_none_classifies(gate):
    page = open_lesson(cases.BORDER)
    marks = table(page, "At the border")
    assert "Not classified: unlike the training data" in words(page)
    assert all(marks[title].str.startswith("Not classified").all() for title in ("Custom CNN", "ResNet50"))


def test_a_stored_mistake_that_the_gate_would_stop_says_so(gate, measured, set_environment, tmp_path):
    set_environment(BRAIN_MODELS_DIR=measured, BRAIN_DATA_DIR=tmp_path)
    scan = next(each for each in list_items(write_dataset(tmp_path / "navoneel", 1, seed=1, size=128)) if each.label)
    row = {"id": scan.id, "sha256": sha256_of(scan.path)[:16], "group": 0, "label": 1, "probability": 0.1}
    path = (measured / MODELS["resnet50"].file_name).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"predictions": {"test": [row]}}))
    page = open_lesson(cases.WRONG)
    assert "ResNet50 says: ● No tumour 0.100 threshold 0.400" in words(page)
    assert "Not classified in service" in told(page)  # by the CNN's gate


def test_two_thresholds_by_hand(measured):
    page = open_lesson(cases.THRESHOLD)
    found = table(page, "threshold 0.30")
    assert found.loc["Tumours missed", "threshold 0.30"] == "0"
    assert found.loc["False alarms", "threshold 0.30"] == "1 of 4"
    assert found.loc["Tumours found", "threshold 0.80"] == "2 of 4"
    page.slider(key="failures_thresholds").set_value((0.1, 0.65)).run()
    assert table(page, "threshold 0.65").loc["Tumours missed", "threshold 0.65"] == "2"
    assert "At 0.10, 0 of 4 tumours are missed and 3 of 4 scans without one alarm." in told(page)


def test_predictive_values_by_hand(measured):
    page = open_lesson(cases.PREVALENCE)
    found = table(page, "With a tumour").set_index("With a tumour")
    # Sensitivity and specificity 0.75: at 1 % 0.0075 / (0.0075 + 0.2475), at 50 % 0.75.
    assert found.loc["1%", "PPV: alarms that are right"].startswith("0.029 (")
    assert found.loc["50%", "PPV: alarms that are right"].startswith("0.750 (")
    assert found.loc["10%", "NPV: clearances that are right"].startswith("0.964 (")  # 0.675 / 0.7


def test_other_things_and_the_gate(measured):
    page = open_lesson(cases.UNLIKE)
    assert "No model in service has an input gate" in words(page)
    assert len(table(page, "Picture")) == 3 and len(page.image) == 3
    assert table(page, "Stopped")["Stopped"][0] == "39 of 40"


@pytest.mark.parametrize(
    ("what", "lesson", "text"),
    [
        (LOCALISATION, cases.MAP, "no JSON"),
        (LOCALISATION, cases.MAP, '{"rows": [{"source": "custom_cnn"}]}'),
        (INPUT_GATE, cases.UNLIKE, '{"other_things": {"noise": {}}}'),
        (CROSS_VALIDATION, cases.BORDER, '{"robustness": {"resnet50": [{}]}}'),
        (CROSS_VALIDATION, cases.WRONG, "no JSON"),
    ],
)
def test_a_damaged_record_is_named_and_the_rest_goes_on(measured, what, lesson, text):
    write(measured, what, text)
    page = open_lesson(lesson)
    assert "damaged" in words(page) and "References" in words(page)
