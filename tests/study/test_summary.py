"""The summary of a series, against numbers worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from brain_core.operating_points import OperatingPoint
from brain_core.study.summary import highest_run, summarise

CARD = SimpleNamespace(name="resnet50", version="1.2.0")
POINT = OperatingPoint(0.6, "best balanced accuracy", "validation")


def test_the_three_highest_adjacent_slices_are_averaged():
    summary = summarise(CARD, POINT, [0.9, 0.1, 0.5, 0.8, 0.7, 0.2])
    assert summary.value == pytest.approx((0.5 + 0.8 + 0.7) / 3)
    assert summary.slices == (2, 3, 4)
    assert summary.label == "tumor"
    assert summary.method == (
        "Mean probability of the 3 adjacent slices with the highest mean, 3 to 5, of 6 assessed in a series of 6."
    )


def test_one_outlier_does_not_decide():
    summary = summarise(CARD, POINT, [0.1, 0.1, 1.0, 0.1, 0.1])
    assert summary.value == pytest.approx(0.4)
    assert summary.label == "no tumor"


def test_the_threshold_itself_counts_as_a_tumour():
    assert summarise(CARD, POINT, [0.6, 0.6, 0.6]).label == "tumor"
    assert summarise(CARD, POINT, [0.59, 0.6, 0.6]).label == "no tumor"


def test_flagged_and_unread_slices_interrupt():
    summary = summarise(CARD, POINT, [0.9, None, 0.9, 0.9, 0.99, 0.2, 0.3, 0.4], flagged=(4,))
    assert summary.slices == (5, 6, 7)
    assert summary.value == pytest.approx(0.3)
    assert "of 6 assessed in a series of 8" in summary.method


def test_without_three_adjacent_slices_there_is_no_summary():
    summary = summarise(CARD, POINT, [0.9, 0.9, None, 0.9, 0.9])
    assert (summary.value, summary.label, summary.slices) == (None, None, ())
    assert summary.method == "No summary: no 3 adjacent slices were assessed (4 of 5 were)."


@pytest.mark.parametrize(
    ("values", "value", "method"),
    [
        ([0.7], 0.7, "The probability of slice 1, the only one of the series."),
        ([0.2, 0.4], 0.3, "Mean probability of all 2 slices of the series."),
        ([0.2, 0.4, 0.9], 0.5, "Mean probability of all 3 slices of the series."),
    ],
)
def test_a_short_series_goes_by_what_it_has(values, value, method):
    summary = summarise(CARD, POINT, values)
    assert (summary.value, summary.method) == (pytest.approx(value), method)


def test_a_series_without_an_assessed_slice_has_no_summary():
    assert summarise(CARD, POINT, [None]).value is None
    assert summarise(CARD, POINT, [0.9], flagged=(0,)).value is None


def test_highest_run_agrees_with_a_plain_loop():
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.random(rng.integers(3, 30))
        best = max(range(len(values) - 2), key=lambda i: values[i : i + 3].mean())
        start, mean = highest_run(values, 3)
        assert (start, mean) == (best, pytest.approx(values[best : best + 3].mean()))


def test_highest_run_of_more_than_there_is():
    assert highest_run(np.array([0.1, 0.2]), 3)[0] is None
    assert highest_run(np.array([]), 0)[0] is None
