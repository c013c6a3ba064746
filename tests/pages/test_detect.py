"""The Detect page: empty, one scan, many, bad files, the reader first, models out of service."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from brain_core.inference import Detector
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.ui import models, scoring, session
from tests.pages.steps import PROJECT, assert_no_failure, html, open_page, upload, words

HOSTILE = "<img src=x onerror=alert(1)> **bold** :red[x].png"


@pytest.fixture
def page(in_service) -> AppTest:
    """The page with both models loaded, as the first visitor sees it."""
    return open_page()


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_the_empty_page_says_what_to_do(page):
    assert_no_failure(page)
    assert "No scan at hand? Open a sample" in [s.value for s in page.subheader]
    assert "Custom CNN test-1 ready" in words(page) and "ResNet50 test-2 ready" in words(page)
    assert words(page).count("synthetic phantom") == 6
    assert not page.dataframe and not has_button(page, "detect_start_over")


@pytest.fixture
def fast_engine(in_service, set_environment):
    """OpenVINO in place of TensorFlow, which the models that other tests loaded go by."""
    models._load.clear()
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_ENGINE="openvino", BRAIN_ENGINE_PRECISION="bfloat16")
    yield
    models._load.clear()


def test_the_page_names_an_engine_that_is_not_the_usual_one(fast_engine, picture):
    page = open_page()
    assert "Custom CNN test-1 ready on openvino, bfloat16" in words(page)
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    assert "ResNet50 test-2" in words(page)


def test_the_page_says_that_it_never_replaces_a_reader(page):
    assert "it never replaces one" in words(page)  # for the screens after it see the browser test


def test_the_first_page_comes_without_tensorflow(in_service):
    code = """
import sys
from streamlit.testing.v1 import AppTest
from brain_core.ui import models
models._run = lambda *_: None  # the thread that would load them
page = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
assert not page.exception, page.exception
assert not {"tensorflow", "keras"} & set(sys.modules)
print("Loading models" in " ".join(element.proto.body for element in page.get("html")))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr


def test_one_scan_shows_both_models_as_the_detector_gives_them(page, picture):
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    scan = draw(Phantom(seed=1, lesion=Lesion(), size=128))
    for model in models.current():
        (expected,) = Detector(model.card).predict([scan])
        assert f'">{expected.probability:.3f}</span>' in html(page)
        assert f"{model.title} · version {model.card.version}" in words(page)
    assert "Threshold 0.400: best balanced accuracy, validation, n = 9." in words(page)
    assert "128 × 128 pixels · PNG" in words(page)
    assert html(page).count('role="img" aria-label="Probability of a tumour') == 2
    assert len(page.image) == 3
    assert {b.key for b in page.get("download_button")} >= {"detect_download_csv", "detect_download_zip"}


def test_the_controls_rescore_nothing(page, picture, monkeypatch):
    upload(page, ("head.png", picture(1)))
    monkeypatch.setattr(Detector, "predict", lambda *_, **__: pytest.fail("scored again"))
    page.slider(key="detect_opacity").set_value(90).run()
    page.selectbox(key="detect_colormap").set_value("viridis").run()
    assert_no_failure(page)
    assert "Colour bar, viridis" in html(page)


def test_the_page_says_where_the_models_disagree(page):
    for number in range(1, 7):
        page.button(key=f"detect_sample_phantom-{number}").click().run()
        labels = re.findall(r"(No tumour|Tumour) \d\.\d{3} threshold", words(page))
        assert len(labels) == 2
        assert ("The models disagree" in words(page)) == (labels[0] != labels[1])
        assert "synthetic phantom" in words(page) and "Reference standard, as drawn" in words(page)
        page.button(key="detect_start_over").click().run()


def test_quality_flags_are_explained(page, encode):
    noise = np.random.default_rng(0).integers(0, 255, (64, 90, 3), np.uint8)
    upload(page, ("noise.png", encode(noise)))
    assert "The picture is small" in words(page)
    assert "does not look like a brain MRI" in words(page)


def test_many_scans_make_a_worklist_most_suspicious_first(page, picture):
    files = [(f"head{i}.png", picture(i)) for i in range(6)]
    upload(page, *files, ("note.png", b"not a picture"), ("empty.png", b""))
    assert_no_failure(page)
    table = page.dataframe[0].value
    assert len(table) == 8
    assert set(table["Name"][:2]) == {"note.png", "empty.png"}
    assert "the file is empty" in " ".join(table["Error"])
    assert "2 files could not be assessed" in words(page)
    highest = table[["Custom CNN", "ResNet50"]][2:].max(axis=1)
    assert highest.notna().all() and highest.is_monotonic_decreasing
    assert table["Scan"][2].startswith("data:image/jpeg;base64,")


def test_selecting_a_row_opens_its_scan(page, picture):
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(3)])
    assert "Select a row" in words(page)
    name = page.dataframe[0].value["Name"][1]
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    page.run()
    assert_no_failure(page)
    assert f'aria-level="2">{name}<' in html(page)
    assert len(re.findall(r"\d\.\d{3} threshold", words(page))) == 2


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_name_is_shown_as_text(page, picture, count):
    upload(page, *[(HOSTILE, picture(i)) for i in range(count)])
    assert_no_failure(page)
    if count == 1:
        assert "&lt;img src=x onerror=alert(1)&gt; **bold** :red[x].png" in html(page)
    assert "<img" not in html(page)
    for element in (*page.markdown, *page.caption, *page.subheader, *page.error):
        assert "onerror" not in element.value


def test_a_bad_file_with_a_hostile_name_is_escaped(page):
    upload(page, (HOSTILE, b"nothing"))
    assert_no_failure(page)
    assert "This file cannot be assessed" in words(page)
    assert "<img" not in html(page) and "&lt;img" in html(page)


def test_the_same_file_twice_is_scored_once(page, picture, monkeypatch):
    scored = []
    predict = Detector.predict

    def counted(self, scans, **options):
        scored.extend(scan.sha256 for scan in scans)
        return predict(self, scans, **options)

    monkeypatch.setattr(Detector, "predict", counted)
    upload(page, ("a.png", picture(1)), ("b.png", picture(1)))
    assert len(page.dataframe[0].value) == 2
    upload(page, ("a.png", picture(1)), ("c.png", picture(2)))
    assert len(scored) == 2 * 2 and len(set(scored)) == 2


def test_cancel_keeps_what_is_done_and_offers_the_rest(page, picture, monkeypatch):
    step = scoring.score

    def cancelled_meanwhile(*arguments):
        scoring._cancel()
        return step(*arguments)

    monkeypatch.setattr(scoring, "score", cancelled_meanwhile)
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(6)])
    assert f"Cancelled: {scoring.STEP} of 6 scans are scored." in words(page)
    assert list(page.dataframe[0].value["Error"]).count("not scored: cancelled") == 2
    monkeypatch.setattr(scoring, "score", step)
    page.button(key="detect_resume").click().run()
    assert_no_failure(page)
    assert page.dataframe[0].value["Custom CNN"].notna().all()


def test_a_failure_in_the_middle_is_kept_to_its_scan(page, picture, monkeypatch):
    predict = Detector.predict
    bad = hashlib.sha256(picture(2)).hexdigest()

    def fails(self, scans, **options):
        if any(scan.sha256 == bad for scan in scans):
            raise MemoryError
        return predict(self, scans, **options)

    monkeypatch.setattr(Detector, "predict", fails)
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(4)])
    assert_no_failure(page)
    table = page.dataframe[0].value
    assert [bool(error) for error in table["Error"]] == [True, False, False, False]
    assert "not scored (MemoryError)" in table["Error"][0]


def test_my_read_first_hides_everything_of_the_models(page, picture):
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    assert "threshold" not in words(page) and not page.get("download_button")
    page.radio[0].set_value("unsure")
    page.button(key="detect_opinion_submit").click().run()
    assert "Your read: unsure, recorded before the models were shown." in words(page)
    assert len(re.findall(r"\d\.\d{3} threshold", words(page))) == 2


def test_an_opinion_is_needed_before_the_reveal(page, picture):
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, ("head.png", picture(1)))
    page.button(key="detect_opinion_submit").click().run()
    assert "Choose one of the three first." in [c.value for c in page.caption]
    assert "threshold" not in words(page)


def test_my_read_first_hides_the_worklist_until_each_is_read(page, picture):
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(3)])
    table = page.dataframe[0].value
    assert list(table["Name"]) == ["head0.png", "head1.png", "head2.png"]  # the order tells nothing
    assert table[["Custom CNN", "ResNet50"]].isna().all(axis=None)
    assert not page.get("download_button")
    for left in (2, 1, 0):
        page.button(key="detect_next_unread").click().run()
        page.radio[0].set_value("tumor")
        page.button(key="detect_opinion_submit").click().run()
        assert page.dataframe[0].value["Custom CNN"].isna().sum() == left
    assert list(page.dataframe[0].value["Your read"]) == ["Tumour"] * 3
    assert page.dataframe[0].value[["Custom CNN", "ResNet50"]].max(axis=1).is_monotonic_decreasing


def test_an_opinion_after_the_models_were_shown_is_not_called_blind(page, picture):
    upload(page, ("a.png", picture(1)))  # seen before the switch
    page.toggle(key="detect_read_first").set_value(True).run()
    assert "threshold" not in words(page)
    page.radio[0].set_value("no tumor")
    page.button(key="detect_opinion_submit").click().run()
    (opinion,) = page.session_state[session.KEY].opinions.values()
    assert (opinion.label, opinion.blind) == ("no tumor", False)
    assert "after the models had been shown" in words(page)


def test_a_damaged_model_is_named_and_the_other_goes_on(in_service, picture):
    with (in_service / "resnet50_transfer.keras").open("ab") as file:
        file.write(b"x")
    page = open_page()
    assert "ResNet50 is out of service. resnet50_transfer.keras is damaged" in words(page)
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    assert "no second opinion" in words(page)
    assert len(re.findall(r"\d\.\d{3} threshold", words(page))) == 1


def test_a_missing_model_is_named_and_comes_back_when_it_is_mended(in_service, picture):
    path = in_service / "custom_cnn_fixed.keras"
    data = path.read_bytes()
    path.unlink()
    page = open_page()
    assert "custom_cnn_fixed.keras is missing" in words(page)
    path.write_bytes(data)
    assert "custom_cnn_fixed.keras is missing" not in words(open_page())


def test_without_any_model_scans_can_still_be_looked_at(set_environment, tmp_path, picture):
    set_environment(BRAIN_MODELS_DIR=tmp_path / "nothing")
    page = open_page()
    assert "No model is in service" in words(page)
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    assert "128 × 128 pixels" in words(page) and not page.get("download_button")
    upload(page, ("head.png", picture(1)), ("bad.png", b"bad"))
    assert_no_failure(page)
    assert len(page.dataframe[0].value) == 2
