import numpy as np
import pytest

from brain_core.inference import Prediction
from brain_core.preprocessing import Box
from brain_core.registry import OperatingPoint
from brain_core.scans import Scan
from brain_core.ui import pictures


@pytest.fixture
def wide_scan() -> Scan:
    return Scan(np.full((500, 2000), 40, np.uint8), "wide.png", "PNG", "0")


def predicted(box: Box) -> Prediction:
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[0, 0] = 1
    return Prediction("m", "1", 0.5, OperatingPoint(0.5, "", ""), "tumor", heatmap, box, (), 0.0)


def test_a_large_scan_is_shown_smaller_in_its_own_proportions(wide_scan):
    assert pictures.on_screen(wide_scan).shape == (225, 900, 3)


def test_the_overlay_of_a_shrunken_scan_lies_where_it_belongs(wide_scan):
    picture = pictures.overlay_on_screen(wide_scan, predicted(Box(0, 1000, 500, 1500)), 1.0, "inferno")
    changed = np.argwhere((picture != 40).any(axis=-1))
    assert picture.shape == (225, 900, 3)
    assert changed[:, 1].min() >= 450 and changed[:, 1].max() < 450 + 225 / 2


def test_a_thumbnail_is_square_and_not_stretched(wide_scan):
    small = np.asarray(pictures.square(wide_scan, 96))
    assert small.shape == (96, 96, 3)
    assert small[48].max() == 40 and small[:30].max() == 0
    assert pictures.thumbnail(wide_scan).startswith("data:image/jpeg;base64,")
