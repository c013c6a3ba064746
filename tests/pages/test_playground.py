"""The Playground page: a lesion moves the answers, everything can be undone, the sweep, and what cannot be shown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from brain_core import input_gate
from brain_core.errors import ModelError
from brain_core.inference import Detector
from brain_core.teaching import sweep
from brain_core.ui.playground import state
from tests.pages.steps import assert_no_failure, html, open_file, press, upload, wait_for_models, words


@pytest.fixture
def page(in_service, set_environment, tmp_path) -> AppTest:
    """With a phantom that has no lesion."""
    set_environment(BRAIN_HOME=tmp_path / "home", BRAIN_DATA_DIR=None)
    wait_for_models()
    return open_file("9_Playground")


def slide(page: AppTest, label: str, value) -> AppTest:
    next(each for each in [*page.slider, *page.toggle, *page.select_slider] if each.label == label).set_value(value)
    page.run()
    assert_no_failure(page)
    return page


def moved(page: AppTest) -> list[tuple[float, float]]:
    """Each model's probability before and now; empty where nothing is changed."""
    return [tuple(map(float, pair)) for pair in re.findall(r"as read: ([\d.]+) → ([\d.]+)", words(page))]


def said(page: AppTest) -> str:
    return " ".join([words(page), *(caption.value for caption in page.caption)])


def test_at_first_nothing_is_changed(page):
    assert words(page).count("Against the scan as read: unchanged.") == 2
    assert "A planted blob is no tumour" in said(page) and "No lesion is planted" in said(page)
    assert "This scan shows a tumour already" not in words(page)


def test_a_lesion_moves_the_answers_and_what_covers_it_moves_them_back(page):
    press(page, "Plant a lesion")
    assert "Lesion at 64% from the left and 40% from the top, radius 9%, contrast +45%" in said(page)
    planted = moved(page)
    assert len(planted) == 2 and all(now != before for before, now in planted)
    press(page, "Cover it again")
    assert "1 patch covered with the background." in said(page)
    covered = moved(page)
    assert [before for before, _ in covered] == [before for before, _ in planted] and covered != planted
    press(page, "Uncover all (1)")
    assert moved(page) == planted


def test_start_again_undoes_everything(page):
    before = html(page)
    for label in ("Plant a lesion", "Cover it again", "Mirror", "Turn by 90°", "Compress hard"):
        press(page, label)
    slide(page, "Brightness", 20)
    slide(page, "Gamma", 0.5)
    assert page.session_state[state.key("rotation")] == 90 and page.session_state[state.key("quality")] == 5
    press(page, "Start again")
    assert html(page) == before
    assert {name: page.session_state[state.key(name)] for name in state.START} == state.START


def test_a_little_brightness_is_stretched_away_before_the_models_see_it(page):
    slide(page, "Brightness", 5)
    assert all(abs(now - before) < 0.02 for before, now in moved(page))
    slide(page, "Brightness", 0)
    assert words(page).count("unchanged.") == 2


def test_three_quarter_turns(page):
    for degrees in (90, -180, -90, 0):
        press(page, "Turn by 90°")
        assert page.session_state[state.key("rotation")] == degrees


def test_a_lesion_beside_the_head_is_not_there_and_the_page_says_so(page):
    slide(page, "Left to right", 0)
    slide(page, "Lesion planted", True)
    assert "Nothing is planted. Move it onto the head" in words(page)
    assert words(page).count("Against the scan as read: unchanged.") == 2


def test_a_scan_with_a_tumour_is_named(page):
    page.selectbox[0].set_value("phantom-2").run()
    assert_no_failure(page)
    assert "This scan shows a tumour already." in words(page)
    assert words(page).count("unchanged.") == 2


def test_maps_of_the_scan_as_read_on_demand(page):
    press(page, "Plant a lesion")
    alts = [image.alt for each in page.get("imgs") for image in each.proto.imgs]
    page.segmented_control(key="playground_shown").set_value("as read").run()
    assert_no_failure(page)
    changed = [image.alt for each in page.get("imgs") for image in each.proto.imgs]
    assert all("as it is now: the scan with its Grad-CAM map" in alt for alt in alts)
    assert all("as read: the scan with its Grad-CAM map" in alt for alt in changed)


def test_the_sweep(page):
    assert "Asks the models about 21 lesions" in said(page)
    press(page, "Turn by 90°")
    slide(page, "Contrast", 50)
    page.selectbox(key="playground_quantity").set_value("radius")
    press(page, "Run the sweep")
    told = said(page)
    assert "Custom CNN " in told and "ResNet50 " in told and "calls a tumour at" in told
    assert "All else as set at the click: contrast 50 %, soft edge 25 %, place from the left 64 %" in told
    assert "It was turned by 90 degrees counter-clockwise." in told
    found = page.session_state["playground_sweep"].sweep
    assert len(found.values) == 21 and found.values[0] == 0
    # A radius of 0 is the scan as it is without a lesion, which the page shows.
    assert [before_and_now[1] for before_and_now in moved(page)] == pytest.approx(
        [answers[0] for answers in found.probabilities.values()], abs=0.0006
    )
    page.selectbox[0].set_value("phantom-4").run()
    assert "Asks the models about 21 lesions" in said(page)


def test_a_sweep_that_fails_says_why(page, monkeypatch):
    def fail(*_, **__):
        raise ModelError("The engine is gone.")

    monkeypatch.setattr(Detector, "predict", fail)
    press(page, "Run the sweep")
    assert "The sweep was not made. The engine is gone." in words(page)
    assert any(button.label == "Run the sweep" for button in page.button)


def test_a_sweep_is_given_up(page, monkeypatch):
    """A click on Cancel ends the run of the page in which the models are asked."""

    def ended(*_, **__):
        raise StopException

    monkeypatch.setattr(sweep, "run", ended)
    press(page, "Run the sweep")
    assert next(button for button in page.button if button.label == "Run the sweep").disabled
    press(page, "Cancel")
    assert "Asks the models about 21 lesions" in said(page) and "was not made" not in words(page)
    assert [button.label for button in page.button if button.label in ("Run the sweep", "Cancel")] == ["Run the sweep"]


def test_what_is_unlike_the_training_data_is_not_classified(page, monkeypatch):
    def unlike(predictions):
        return tuple(replace(p, flags=(*p.flags, input_gate.UNLIKE)) for p in predictions)

    monkeypatch.setattr(input_gate, "shared", unlike)
    page.run()
    assert_no_failure(page)
    assert words(page).count("Not classified: unlike the training data") == 2
    assert 'class="brain-bar"' not in html(page)


def test_a_file_that_is_no_picture(page, picture):
    page.selectbox[0].set_value("A picture of my own").run()
    assert "Choose a sample or add a picture of your own" in said(page)
    upload(page, ("<b>x</b>.png", b"no picture"))
    assert_no_failure(page)
    assert "This file cannot be shown." in words(page)
    upload(page, ("head.png", picture(2)))
    assert_no_failure(page)
    assert "128 × 128 pixels." in said(page)


def test_without_a_model_the_page_says_so(in_service, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path / "home")
    for file in in_service.glob("*.json"):
        file.unlink()
    found = open_file("9_Playground")
    assert "No model is in service" in words(found) and not found.slider
