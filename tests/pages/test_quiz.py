"""The Quiz page: a whole quiz of phantoms, an early end, and what must not show before the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from brain_core.datasets.index import list_items
from brain_core.models import MODELS
from brain_core.registry import sha256_of
from brain_core.scans.phantom import write_dataset
from brain_core.ui.quiz.state import KEY
from tests.pages.steps import assert_no_failure, html, open_file, wait_for_models, words

T, N = "tumor", "no tumor"


@pytest.fixture
def page(in_service) -> AppTest:
    wait_for_models()
    return open_file("11_Quiz")


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert_no_failure(page)
    return page


def read(page: AppTest, label: str, confidence: int = 4) -> AppTest:
    """One's own answer to the question that is open."""
    place = page.session_state[KEY].place
    page.radio(key=f"quiz_label_{place}").set_value(label)
    page.radio(key=f"quiz_confidence_{place}").set_value(confidence)
    return press(page, "quiz_record")


def reference(page: AppTest) -> str:
    return page.session_state[KEY].question.reference


def told(page: AppTest) -> str:
    return words(page) + " ".join(caption.value for caption in page.caption)


def table(page: AppTest, column: str):
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_a_whole_quiz(page):
    assert "Heads drawn by this program" in told(page)
    assert "No real scans for a quiz." in words(page)
    press(page, "quiz_start")
    for place in range(5):
        quiz = page.session_state[KEY]
        assert quiz.place == place and not page.dataframe
        assert "Both models" not in words(page) and "disagree" not in words(page)  # nothing before one's own read
        read(page, reference(page))
        assert "You said: " in words(page) and "Grad-CAM" in words(page)
        press(page, f"quiz_{'keep' if place else 'change'}_{place}")  # the first is given up
    card = table(page, "Accuracy").set_index("Who")
    assert card.loc["You alone", "Right"] == "5 of 5"
    assert "Versions: Custom CNN test-1; ResNet50 test-2." in told(page)
    assert card.loc["You alone", "Accuracy"] == "1.00 (0.57 to 1.00)"
    assert card.loc["You after the models", "Right"] == "4 of 5"
    assert card.loc["You after the models", "Accuracy"] == "0.80 (0.38 to 0.96)"
    assert list(card.index) == ["You alone", "Custom CNN", "ResNet50", "You after the models"]
    assert "You changed 1 of 5 answers: 0 from wrong to right, 1 from right to wrong." in words(page)
    assert list(table(page, "Scan")["Scan"]) == [1, 2, 3, 4, 5]
    assert {button.label for button in page.get("download_button")} == {"Answers (CSV)", "Score card (CSV)"}


def test_a_case_opens_and_once_more_goes_on_with_the_next_set(page):
    press(page, "quiz_start")
    read(page, T)
    press(page, "quiz_keep_0")
    press(page, "quiz_end")
    page.session_state["quiz_cases"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    page.run()
    assert_no_failure(page)
    assert "Reference standard: " in words(page) and len(page.image) == 3
    press(page, "quiz_again")
    assert page.number_input(key="quiz_set").value == 2


def put_another_version(models_dir: Path, name: str, version: str) -> None:
    path = (models_dir / MODELS[name].file_name).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": version}))
    wait_for_models()


def test_another_version_in_the_middle_of_a_quiz_is_told_and_opens_no_case(page, in_service):
    press(page, "quiz_start")
    read(page, T)
    press(page, "quiz_keep_0")
    assert "have changed since this quiz was drawn" not in words(page)
    put_another_version(in_service, "resnet50", "test-3")
    page.run()
    assert_no_failure(page)
    assert "have changed since this quiz was drawn" in words(page) and "Your answers so far stand" in words(page)
    read(page, T)
    press(page, "quiz_keep_1")
    page.session_state["quiz_cases"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    press(page, "quiz_end")
    assert "Versions: Custom CNN test-1; ResNet50 test-2 and test-3." in told(page)
    assert len(page.image) == 1 and "Without maps" in told(page)


def test_an_early_end_counts_what_was_answered(page):
    press(page, "quiz_start")
    read(page, N)
    press(page, "quiz_change_0")
    read(page, T)  # and no last word on it
    press(page, "quiz_end")
    assert "Ended early. 1 of 5 scans were answered to the end and are counted. The one that was open is not." in words(
        page
    )
    assert len(table(page, "Scan")) == 1


def test_an_end_before_the_first_answer_has_nothing_to_score(page):
    press(page, "quiz_start")
    press(page, "quiz_end")
    assert "0 of 5 scans were answered to the end, so that there is nothing to score." in words(page)
    assert not page.dataframe and page.button(key="quiz_again")


def test_an_answer_without_confidence_is_asked_for(page):
    press(page, "quiz_start")
    page.radio(key="quiz_label_0").set_value(T)
    press(page, "quiz_record")
    assert "Choose an answer, and how sure you are, first." in told(page)
    assert page.session_state[KEY].opinion is None


def test_neither_the_name_nor_the_reference_standard_is_on_the_page_before_the_end(page):
    press(page, "quiz_start")
    read(page, T)
    quiz = page.session_state[KEY]
    everything = html(page) + " ".join(str(image.proto) for image in page.image)
    for secret in (quiz.question.id, quiz.scan.name, "eference standard", "synthetic-"):
        assert secret not in everything


@pytest.fixture
def data_set(in_service, set_environment, tmp_path):
    """Internal testing of both models on the phantoms of a data set at hand."""
    root = write_dataset(tmp_path / "data" / "navoneel", 4, seed=1, size=128)
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_DATA_DIR=tmp_path / "data")
    store_test(in_service, root)
    return root


def store_test(models_dir: Path, root: Path) -> None:
    rows = [
        {"id": i.id, "sha256": sha256_of(i.path)[:16], "group": n, "label": i.label, "probability": 0.6}
        for n, i in enumerate(list_items(root))
    ]
    for name in MODELS:
        path = (models_dir / MODELS[name].file_name).with_suffix(".json")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"predictions": {"test": rows}}))


def test_real_scans_of_internal_testing_come_first_where_they_are_at_hand(data_set, page):
    assert "no model in service has learned from them" in told(page)
    assert list(page.segmented_control(key="quiz_size").options) == ["5"]  # of 8 scans
    press(page, "quiz_start")
    ids = {question.id for question in page.session_state[KEY].questions}
    assert len(ids) == 5 and all(id.split("/")[0] in ("yes", "no") for id in ids)
    page.session_state[KEY].end()
    page.run()
    press(page, "quiz_again")
    page.segmented_control(key="quiz_origin").set_value("Phantoms").run()
    assert list(page.segmented_control(key="quiz_size").options) == ["5", "10", "20"]
