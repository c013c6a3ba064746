"""Calibration: bins by hand, slope and intercept against scikit-learn and against the map that made the data."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from brain_core.intervals import Estimate, wilson
from brain_core.reliability import ALL_EQUAL, SEPARATED, TOO_FEW_OF_A_CLASS, reliability
from brain_core.scored import NOTHING_SCORED, ONE_CLASS


@pytest.fixture(scope="module")
def stated():
    """2,000 scans whose true logit is 0.5 times the stated one plus 0.3: labels, probabilities."""
    rng = np.random.default_rng(0)
    x = rng.normal(0, 2, 2000)
    return (rng.random(2000) < expit(0.5 * x + 0.3)).astype(int), expit(x)


def test_bins_by_hand():
    """[.2, .4): .2 and .3, one with a tumour; [.8, 1]: .9 and 1, both with one."""
    found = reliability([0, 1, 1, 1], [0.2, 0.3, 0.9, 1.0], bins=5).bins
    assert [(b.low, b.high) for b in found] == [(0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1)]
    assert [b.count for b in found] == [0, 2, 0, 0, 2]
    assert found[1].probability == pytest.approx(0.25)
    low, high = wilson(1, 2)
    assert found[1].observed == Estimate(0.5, float(low), float(high))
    assert found[0].observed.text() == "not computed: no scan in this bin"


def test_bins_average_repeats_and_take_a_group_for_one_scan():
    found = reliability([1, 1, 0], [[0.1, 0.1, 0.2], [0.1, 0.8, 0.3]], [5, 5, 6], bins=2).bins
    assert [b.count for b in found] == [2.5, 0.5]
    assert found[0].observed.value == pytest.approx(1.5 / 2.5)
    low, high = map(float, wilson(0.6 * 1.75, 1.75))  # group 5: both scans, then one of its two; group 6: always
    assert (found[0].observed.low, found[0].observed.high) == pytest.approx((low, high))


def test_slope_is_scikit_learns_and_that_of_the_data(stated):
    labels, p = stated
    found = reliability(labels, p)
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(p)[:, None], labels)
    assert found.slope.value == pytest.approx(model.coef_[0, 0], abs=1e-5)
    assert found.slope.low < 0.5 < found.slope.high < 1


def test_intercept_makes_the_mean_probability_the_observed_rate(stated):
    labels, p = stated
    found = reliability(labels, p).intercept
    assert expit(logit(p) + found.value).mean() == pytest.approx(labels.mean(), abs=1e-9)


def test_intercept_by_hand():
    """All at one half, 15 of 20 with a tumour: log 3, with variance 1 / (20 * 3/4 * 1/4), Wald's."""
    found = reliability([1] * 15 + [0] * 5 + [1] * 15 + [0] * 5, [0.5] * 40)
    half = 1.959964 / np.sqrt(40 * 3 / 16)
    assert (found.intercept.value, found.intercept.low) == pytest.approx((np.log(3), np.log(3) - half), abs=1e-6)
    assert found.slope == Estimate(None, reason=ALL_EQUAL)


def test_well_calibrated_scans_have_slope_1_and_intercept_0():
    rng = np.random.default_rng(1)
    p = expit(rng.normal(0, 2, 5000))
    found = reliability((rng.random(5000) < p).astype(int), p)
    assert found.slope.low < 1 < found.slope.high
    assert found.intercept.low < 0 < found.intercept.high


def test_copies_and_repeats_are_no_new_scans(stated):
    labels, p = stated
    once = reliability(labels, p)
    copied = reliability(np.tile(labels, 3), np.tile(p, 3), np.tile(np.arange(2000), 3))
    repeated = reliability(labels, np.tile(p, (3, 1)))
    for other in (copied, repeated):
        for name in ("slope", "intercept"):
            one, two = getattr(once, name), getattr(other, name)
            assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high), abs=1e-8)


def test_the_sandwich_covers_as_it_says(stated):
    """Of 200 samples of 150 scans the interval of the slope holds 0.5 in about 190."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(200):
        x = rng.normal(0, 2, 150)
        slope = reliability((rng.random(150) < expit(0.5 * x + 0.3)).astype(int), expit(x)).slope
        held += slope.low < 0.5 < slope.high
    assert 180 <= held <= 198


@pytest.mark.parametrize(
    ("labels", "p", "reason"),
    [
        ([1] * 20, np.linspace(0.1, 0.9, 20), ONE_CLASS),
        ([0, 1], [np.nan, np.nan], NOTHING_SCORED),
        ([0] * 9 + [1] * 11, np.linspace(0.1, 0.9, 20), TOO_FEW_OF_A_CLASS),
        ([0] * 10 + [1] * 10, np.linspace(0.1, 0.9, 20), SEPARATED),
        ([1] * 10 + [0] * 10, np.linspace(0.1, 0.9, 20), SEPARATED),
    ],
)
def test_what_is_not_computed_says_why(labels, p, reason):
    assert reliability(labels, p).slope == Estimate(None, reason=reason)


def test_certainty_that_is_wrong_still_has_an_intercept():
    """A baseline that says 1 of every scan: probabilities far too high."""
    found = reliability([1] * 24 + [0] * 15, np.ones(39))
    assert found.intercept.value < -12
    assert found.slope == Estimate(None, reason=ALL_EQUAL)
