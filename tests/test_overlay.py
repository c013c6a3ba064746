import numpy as np
import pytest

from brain_core import overlay
from brain_core.errors import ConfigError
from brain_core.preprocessing import Box


def test_a_map_over_the_whole_scan_keeps_its_place():
    heatmap = np.zeros((4, 4), "float32")
    heatmap[1, 2] = 1
    placed = overlay.place(heatmap, Box(0, 0, 40, 40), 40, 40)
    assert np.unravel_index(placed.argmax(), placed.shape) in {(14, 24), (14, 25), (15, 24), (15, 25)}


def test_padding_is_cut_off_and_what_the_model_did_not_see_is_zero():
    ones = np.ones((7, 7), "float32")
    placed = overlay.place(ones, Box(-10, 20, 50, 80), 60, 100)
    assert placed.shape == (60, 100)
    assert (placed[:50, 20:80] == 1).all()
    assert placed.sum() == 50 * 60


def test_blend_by_hand():
    scan = np.full((1, 2, 3), 100, np.uint8)
    heatmap = np.array([[0.0, 1.0]], "float32")
    hottest = overlay.colorize(np.ones((1, 1)), "viridis")[0, 0].astype(float)
    blended = overlay.blend(scan, heatmap, opacity=0.25, colormap="viridis")
    assert blended[0, 0].tolist() == [100, 100, 100]
    assert blended[0, 1] == pytest.approx(np.round(75 + hottest * 0.25), abs=1)


def test_opacity_zero_is_the_scan():
    rng = np.random.default_rng(0)
    scan = rng.integers(0, 256, (9, 9, 3), np.uint8)
    assert (overlay.blend(scan, rng.random((9, 9)), opacity=0) == scan).all()


def test_map_file_runs_from_0_to_255():
    assert overlay.to_8_bit(np.array([[0, 0.5, 1]])).tolist() == [[0, 128, 255]]


def test_unknown_colour_map():
    with pytest.raises(ConfigError, match="expected one of inferno"):
        overlay.colorize(np.zeros((2, 2)), "rainbow")
