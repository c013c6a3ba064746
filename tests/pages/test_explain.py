"""The Explain page: Grad-CAM step by step, methods side by side, the sanity check, and what cannot be explained."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from brain_core.access import Role, User
from brain_core.explain.explainer import Explainer
from brain_core.scans.phantom import Phantom, draw
from brain_core.ui.access import visitor
from brain_core.ui.access.visitor import Visitor
from brain_core.ui.explain.stages import STAGES
from brain_core.ui.explain.tiles import bars, number, rgb, signed, strength
from brain_core.ui.teaching.choice import _read
from tests.pages.steps import assert_no_failure, html, open_file, press, upload, wait_for_models, words


@pytest.fixture
def page(in_service, set_environment, tmp_path) -> AppTest:
    """With a phantom that has a lesion, and the first model."""
    set_environment(BRAIN_HOME=tmp_path / "home", BRAIN_DATA_DIR=None)
    wait_for_models()
    return open_file("8_Explain")


def choose(page: AppTest, label: str, value) -> AppTest:
    everything = [*page.selectbox, *page.multiselect, *page.segmented_control, *page.toggle]
    next(each for each in everything if each.label == label).set_value(value)
    page.run()
    assert_no_failure(page)
    return page


def test_each_step_has_its_picture_formula_and_sentence(page):
    assert "Input step 1 of 8" in words(page) and "brought to 224 × 224 pixels" in words(page)
    seen = []
    for place, stage in enumerate(STAGES, 1):
        assert f"{stage.title} step {place} of 8" in words(page)
        alt = f'alt="{stage.title}, of Grad-CAM for tumour by Custom CNN at layer conv3"'
        assert (alt in html(page)) != stage.in_more
        assert [each.value for each in page.latex] == ([f"$$\n{stage.formula}\n$$"] if stage.formula else [])
        seen.append(words(page))
        if place < len(STAGES):
            press(page, "Next")
    assert len(set(seen)) == len(STAGES)
    assert next(button for button in page.button if button.label == "Next").disabled
    press(page, "Back")
    assert "step 7 of 8" in words(page)


def test_the_numbers_are_those_of_the_model(page):
    """Its one channel has a gradient of gain / positions everywhere: 100 / 28², which is its weight too."""
    for _ in range(2):
        press(page, "Next")
    assert "Layer conv3" not in words(page) and f"channel 0: weight {number(100 / 28**2)}" in words(page)
    told = re.search(r"logit of a tumour ([+-][\d.]+), probability ([\d.]+), (at or above|below)", words(page))
    logit, probability = float(told[1]), float(told[2])
    assert probability == pytest.approx(1 / (1 + 2.718281828**-logit), abs=0.002)
    assert (told[3] == "below") == (probability < 0.4)


def test_the_whole_at_a_glance(page):
    choose(page, "All at a glance", True)
    assert html(page).count("<figure>") == 8
    assert [f"{i}. {stage.title}" in words(page) for i, stage in enumerate(STAGES, 1)] == [True] * 8


def test_the_other_answer_has_another_map(page):
    """The one channel speaks for a tumour alone."""
    choose(page, "What speaks for", "no tumor")
    for _ in range(5):
        press(page, "Next")
    assert "Nothing speaks for this answer, so nothing is left: the map is flat" in words(page)


def test_methods_side_by_side(page):
    choose(page, "View", "Methods side by side")
    assert "Compare asks each method where the model looks" in page.caption[-1].value
    chosen = ["gradcam", "hirescam", "integrated_gradients"]
    choose(page, "Methods", chosen)
    press(page, "Compare")
    table = page.dataframe[0].value
    assert list(table["Method"]) == ["Grad-CAM", "HiResCAM", "Integrated gradients"]
    assert (table["Map"] == ["28 × 28", "28 × 28", "224 × 224"]).all() and (table["Seconds"] > 0).all()
    areas = table[["Deletion (small is good)", "Insertion (large is good)"]].to_numpy()
    assert ((areas >= 0) & (areas <= 1)).all()
    # One channel with one weight: both methods give the same map, so the same curves.
    assert areas[0] == pytest.approx(areas[1])
    assert next(button for button in page.button if button.label == "Compare").disabled
    choose(page, "What speaks for", "no tumor")
    assert not page.dataframe  # another question, nothing worked out yet


def test_shuffled_weights(page):
    choose(page, "View", "Sanity check")
    press(page, "Shuffle the weights")
    assert "0. the model as it is: similarity 1.00" in words(page)
    assert "1. down to probability" in words(page) and "2. down to conv3" in words(page)
    assert "With all convolutions and dense layers shuffled" in page.caption[-1].value


def test_a_flat_map_is_compared_with_nothing(page):
    choose(page, "What speaks for", "no tumor")
    choose(page, "View", "Sanity check")
    press(page, "Shuffle the weights")
    assert "0. the model as it is: flat" in words(page)
    assert "The map of the model as it is is flat: there is nothing to compare." in page.caption[-1].value
    choose(page, "View", "Methods side by side")
    choose(page, "Methods", ["gradcam"])
    press(page, "Compare")
    table = page.dataframe[0].value
    assert table["Map"].item() == "28 × 28, flat" and table.iloc[0, 2:4].isna().all()


def test_work_that_was_ended_does_not_begin_again_by_itself(page, monkeypatch):
    def ended(*_, **__):
        raise StopException  # as a click on anything ends the run of the page

    monkeypatch.setattr(Explainer, "compare", ended)
    choose(page, "View", "Methods side by side")
    press(page, "Compare")
    assert "Cancel" in [button.label for button in page.button]
    choose(page, "View", "Sanity check")
    choose(page, "View", "Methods side by side")
    assert "Cancel" not in [button.label for button in page.button] and not page.dataframe


def test_who_may_not_assess_scans_gets_samples_alone(page, monkeypatch):
    monkeypatch.setattr(visitor, "look", lambda: Visitor(User("ana", frozenset({Role.ANALYST}))))
    page.run()
    assert_no_failure(page)
    scan = next(each for each in page.selectbox if each.label == "Scan")
    assert len(scan.options) == 6 and "A picture of my own" not in scan.options


def test_a_picture_of_ones_own_and_a_file_that_is_none(page, picture):
    choose(page, "Scan", "A picture of my own")
    assert "Choose a sample or add a picture of your own" in page.caption[-1].value
    upload(page, ("head.png", picture(1)))
    assert_no_failure(page)
    assert "Input step 1 of 8" in words(page)
    upload(page, ("<b>x.png", b"no picture"))
    assert_no_failure(page)
    assert "This file cannot be shown." in words(page) and "&lt;b&gt;x.png" in html(page)
    upload(page, ("desktop.ini", b"[x]"))
    assert_no_failure(page)
    assert "This file cannot be shown." in words(page)


def test_a_large_picture_is_taken_at_the_size_of_a_screen(page, encode):
    choose(page, "Scan", "A picture of my own")
    upload(page, ("large.png", encode(draw(Phantom(seed=1, size=1200)).pixels)))
    assert_no_failure(page)
    assert "Input step 1 of 8" in words(page)
    scan = _read("x", "large.png", io.BytesIO(encode(draw(Phantom(seed=1, size=1200)).pixels)))
    assert (scan.height, scan.width) == (900, 900) and "1200 × 1200 pixels" in scan.notes[-1]


def test_without_a_model_the_page_says_so(in_service, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path / "home")
    for file in in_service.glob("*.json"):
        file.unlink()
    found = open_file("8_Explain")
    assert "No model is in service" in words(found) and not found.selectbox


def test_small_pictures_show_size_and_sign():
    assert strength(np.array([[0.0, 2.0]])).tolist() == [[[0, 0, 4], [252, 255, 164]]]  # the ends of inferno
    assert not strength(np.zeros((2, 2)))[..., :2].any()
    orange, blue = rgb("#E69F00"), rgb("#56B4E9")
    assert signed(np.array([[2.0, -2.0, 0.0]])).tolist() == [[list(orange), list(blue), [0, 0, 0]]]
    assert signed(np.array([[1.0]]), limit=2).tolist() == [[[115, 80, 0]]]
    picture = bars(np.array([1.0, -0.5]), side=20)
    assert picture[1, 5].tolist() == list(orange) and picture[13, 15].tolist() == list(blue)
    assert not picture[16, 15].any() and not picture[1, 15].any()
    assert [number(v) for v in (0.0, 0.25, -5.5e-5)] == ["+0", "+0.25", "-5.5·10⁻⁵"]
