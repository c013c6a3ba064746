"""Small texts on the screen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain_core.batch import Scored
from brain_core.inference import Prediction
from brain_core.preprocessing import Box
from brain_core.registry import ModelCard, OperatingPoint
from brain_core.ui import case_view, heatmaps, scoring, theme
from brain_core.ui.markup import esc

POINT = OperatingPoint(0.5, "", "")
A = Prediction("a", "1", 0.8, POINT, "tumor", np.eye(2), Box(0, 0, 8, 8), (), 0.1)
B = replace(A, model="b", probability=0.2, label="no tumor")
TITLES = {"a": "Custom CNN", "b": "ResNet50"}


def test_escaped_text_holds_no_markup():
    assert esc("<b a='x'>\"&") == "&lt;b a=&#x27;x&#x27;&gt;&quot;&amp;"


@pytest.mark.parametrize(
    ("predictions", "sentence"),
    [
        ((), ""),
        ((A,), "One model is in service, so there is no second opinion."),
        ((A, replace(A, model="b")), "Both models say tumour."),
        (
            (A, B),
            "The models disagree: Custom CNN says tumour (0.80), ResNet50 says no tumour (0.20). "
            "Read the scan itself before you trust either.",
        ),
    ],
)
def test_a_plain_sentence_says_whether_the_models_agree(predictions, sentence):
    assert case_view.agreement(Scored("x", predictions=predictions), TITLES) == sentence


@pytest.mark.parametrize(
    ("elapsed", "done", "pending", "words"),
    [(0, 0, 9, ""), (2, 4, 8, "about 4 s left"), (60, 10, 50, "about 5 min left")],
)
def test_the_time_left_follows_from_the_scans_so_far(elapsed, done, pending, words):
    assert scoring.time_left(elapsed, done, pending) == words


def test_the_colour_bar_runs_from_the_maps_first_colour_to_its_last():
    bar = heatmaps.color_bar("viridis")
    assert "linear-gradient(to right, rgb(68,1,84)" in bar and "rgb(253,231,37))" in bar


def test_a_scan_that_a_model_learned_from_is_known_by_its_checksum():
    card = ModelCard("a", "1", Path("a"), "0", None, "c", POINT, {"data": {"train_sha256": ["ab12"]}})
    assert case_view.learned_from(card, "ab1234")
    assert not case_view.learned_from(card, "ffab12")
    assert not case_view.learned_from(replace(card, metadata={}), "ab1234")


def test_labels_differ_by_shape_as_well_as_by_colour():
    assert len(set(theme.LABEL_SHAPES.values())) == len(set(theme.LABEL_COLORS.values())) == 2
