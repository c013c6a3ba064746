"""Agreement of two heatmaps by hand, on tiny maps and inside the head alone."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from brain_core.evaluation.agreement import (
    CELLS,
    CHANCE_OVERLAP,
    Agreement,
    agreement,
    head_cells,
    hottest,
    is_flat,
    overlap,
    rank_correlation,
)
from brain_core.preprocessing import Box

HEAD = Box(10, 20, 10 + 2 * CELLS, 20 + 3 * CELLS)
RISING = np.arange(20.0).reshape(4, 5)  # the hottest tenth is the last two of its cells


def on_scan(cells, outside=0.0):
    """A map of (CELLS, CELLS) laid over the head of a scan of 80 x 120 pixels, each cell 2 x 3 of them."""
    placed = np.full((80, 120), outside, np.float32)
    placed[HEAD.top : HEAD.bottom, HEAD.left : HEAD.right] = np.repeat(np.repeat(cells, 2, axis=0), 3, axis=1)
    return placed


def random_cells(seed):
    return np.random.default_rng(seed).random((CELLS, CELLS)).round(4).astype(np.float32)


def test_a_map_agrees_with_itself_and_not_with_its_reverse():
    assert (rank_correlation(RISING, RISING), overlap(RISING, RISING)) == (1, 1)
    assert (rank_correlation(RISING, 19 - RISING), overlap(RISING, 19 - RISING)) == (-1, 0)


def test_only_the_order_of_the_cells_counts():
    assert rank_correlation(RISING, RISING**3 + 5) == 1
    assert overlap(RISING, RISING**3 + 5) == 1


def test_rank_correlation_by_hand():
    """Ranks 1 2 3 4 and 2 1 4 3: differences of 1 each, 1 - 6 * 4 / (4 * 15) = 0.6."""
    assert rank_correlation(np.array([1.0, 2, 3, 4]), np.array([20.0, 10, 40, 30])) == pytest.approx(0.6)


def test_ties_take_their_mean_rank():
    """Ranks 1.5 1.5 3 and 1 2 3: covariance 1.5, variances 1.5 and 2."""
    assert rank_correlation(np.array([0.0, 0, 7]), np.array([1.0, 2, 3])) == pytest.approx(1.5 / np.sqrt(1.5 * 2))


def test_overlap_by_hand():
    """Hottest are the cells 18 and 19 of the one, 17 and 18 of the other: one of three."""
    other = RISING.copy().ravel()
    other[[17, 19]] = 19, 17
    assert overlap(RISING, other.reshape(4, 5)) == pytest.approx(1 / 3)


def test_cells_that_tie_with_the_last_of_the_hottest_all_belong_to_them():
    cells = np.array([9.0, 5, 5, 5, *range(4), *range(4), *range(4), *range(4)])  # 20: two would do
    assert np.flatnonzero(hottest(cells)).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(hottest(cells[::-1])).tolist() == [16, 17, 18, 19]


def test_a_cold_cell_is_never_among_the_hottest():
    cells = np.zeros(40)
    cells[3] = 0.2
    assert np.flatnonzero(hottest(cells)).tolist() == [3]
    other = np.zeros(40)
    other[[3, 4]] = 0.1, 0.3
    assert overlap(cells, other) == 0.5


def test_a_map_of_few_cells_has_one_hottest():
    assert hottest(np.array([0.1, 0.4, 0.2])).tolist() == [False, True, False]


@pytest.mark.parametrize("value", [0.0, 0.3, np.nan])
def test_a_flat_map_is_not_computed_rather_than_zero(value):
    flat = np.full((4, 5), value)
    assert is_flat(flat)
    assert rank_correlation(flat, RISING) is None and rank_correlation(RISING, flat) is None
    assert overlap(flat, RISING) is None and overlap(RISING, flat) is None


@pytest.mark.parametrize("value", [0.0, 1 / 3])
def test_a_flat_map_names_its_model(value):
    flat, other = on_scan(np.full((CELLS, CELLS), value)), on_scan(random_cells(0))
    names = ("custom_cnn", "resnet50")
    assert agreement(other, flat, HEAD, names) == Agreement(None, None, "flat inside the head: the heatmap of resnet50")
    assert agreement(flat, flat, HEAD, names).reason == (
        "flat inside the head: the heatmap of custom_cnn and of resnet50"
    )


def test_a_map_that_is_hot_only_outside_the_head_is_flat_inside():
    hot_outside = on_scan(np.zeros((CELLS, CELLS)), outside=1.0)
    assert agreement(hot_outside, on_scan(random_cells(0)), HEAD).reason == (
        "flat inside the head: the heatmap of the first"
    )


def test_equal_but_for_the_rounding_of_float32_is_flat():
    shaken = on_scan(np.full((CELLS, CELLS), 0.3)) + np.float32(1e-9) * np.arange(120, dtype=np.float32)
    assert shaken[HEAD.top].max() > shaken[HEAD.top, HEAD.left]
    assert is_flat(head_cells(shaken, HEAD))


def test_cells_are_the_means_of_the_head_box():
    cells = random_cells(1)
    fine = on_scan(cells)
    fine[HEAD.top : HEAD.bottom : 2] += 0.5  # one of the two lines of each cell
    assert head_cells(fine, HEAD) == pytest.approx(cells + 0.25, abs=2e-6)


def test_a_scan_of_fewer_pixels_than_cells_is_compared_too():
    small = np.random.default_rng(0).random((12, 12)).astype(np.float32)
    found = agreement(small, small, Box(2, 2, 10, 11))
    assert (found.correlation, found.overlap) == (pytest.approx(1), 1)


def test_what_lies_outside_the_head_does_not_count():
    one, two = random_cells(2), random_cells(3)
    inside = agreement(on_scan(one), on_scan(two), HEAD)
    assert agreement(on_scan(one, 0.9), on_scan(two, 0.9), HEAD) == inside
    assert agreement(on_scan(one, 0.9), on_scan(one, 0.1), HEAD).overlap == 1
    assert agreement(on_scan(one, 0.9), on_scan(one, 0.1), HEAD).correlation == pytest.approx(1)
    assert agreement(on_scan(one, 0.9), on_scan(1 - one, 0.9), HEAD).correlation == pytest.approx(-1)
    whole = spearmanr(on_scan(one).ravel(), on_scan(two).ravel()).statistic
    assert whole > 0.5 > 0.1 > abs(inside.correlation)  # the ground would have passed for agreement


def test_figures_are_those_of_other_implementations():
    one = random_cells(4)
    two = np.round(0.5 * one + 0.5 * random_cells(5), 1)  # with ties
    found = agreement(on_scan(one), on_scan(two), HEAD)
    assert found.correlation == pytest.approx(spearmanr(one.ravel(), two.ravel()).statistic)
    assert overlap(one, two + 1e-3 * one) == pytest.approx(_jaccard(one, two + 1e-3 * one))


def _jaccard(one, two):
    """Of the 78 highest of 784 cells, by sorting."""
    first, second = (set(np.argsort(each.ravel())[-78:].tolist()) for each in (one, two))
    return len(first & second) / len(first | second)


def test_independent_maps_overlap_by_chance():
    found = [overlap(random_cells(seed), random_cells(1000 + seed)) for seed in range(200)]
    assert pytest.approx(0.0526, abs=1e-4) == CHANCE_OVERLAP
    assert np.mean(found) == pytest.approx(CHANCE_OVERLAP, abs=0.005)


def test_maps_of_two_scans_are_refused():
    with pytest.raises(ValueError, match=r"expected two of one shape. Received: \(80, 120\) and \(8, 8\)"):
        agreement(on_scan(random_cells(0)), np.zeros((8, 8)), HEAD)
