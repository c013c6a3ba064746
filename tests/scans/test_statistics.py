"""What an input looks like, by hand."""

import numpy as np

from brain_core.scans import Scan, statistics


def test_of_four_pixels():
    grey = np.array([[0, 100], [100, 200]], np.uint8)
    found = statistics.of(Scan(grey, "a", "synthetic", "0" * 64))
    assert (found.width, found.height, found.mean) == (2, 2, 100.0)
    assert found.deviation == np.sqrt((100**2 + 100**2) / 4)


def test_colours_count_by_their_luma():
    blue = np.zeros((3, 5, 3), np.uint8)
    blue[..., 2] = 255
    found = statistics.of(Scan(blue, "a", "synthetic", "0" * 64))
    assert (found.width, found.height, found.mean, found.deviation) == (5, 3, 29.0, 0.0)  # 0.114 * 255, ITU-R BT.601
