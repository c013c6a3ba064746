"""Closed-form intervals against published ones and against their definitions."""

import numpy as np
import pytest
from scipy.stats import binomtest

from brain_core.intervals import Estimate, proportion, ratio_limits, sum_of, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(hits, n, low, high):
    """Newcombe 1998, Stat Med 17:857, table I, method 3."""
    assert np.round(wilson(hits, n), 4).tolist() == [low, high]


def test_wilson_is_scipys_and_ends_at_certainty():
    for hits, n in ((3, 7), (40, 41), (250, 1000)):
        assert wilson(hits, n) == pytest.approx(tuple(binomtest(hits, n).proportion_ci(method="wilson")))
    low, high = wilson([0, 20], 20)
    assert (low[0], high[1]) == (0, 1)


def test_a_difference_is_newcombes():
    """56 of 70 less 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, Stat Med 17:873, table II, method 10)."""
    found = sum_of(proportion(56, 70, ""), proportion(48, 80, "").scaled(-1))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_a_ratio_is_at_its_limit_where_the_difference_from_it_is_as_wide_as_allowed():
    """MOVER: (a - L b)^2 = (a - a's lower limit)^2 + L^2 (b's upper limit - b)^2, and the other way round for U."""
    a, b = proportion(45, 50, ""), proportion(6, 60, "")
    low, high = ratio_limits(a, b)
    assert (a.value - low * b.value) ** 2 == pytest.approx((a.value - a.low) ** 2 + low**2 * (b.high - b.value) ** 2)
    assert (a.value - high * b.value) ** 2 == pytest.approx((a.high - a.value) ** 2 + high**2 * (b.value - b.low) ** 2)
    assert low < a.value / b.value < high


def test_a_ratio_with_nothing_on_one_side():
    some, none = proportion(9, 10, ""), proportion(0, 10, "")
    low, high = ratio_limits(some, none)
    assert high == np.inf
    # a = L b has (a - al)^2 + L^2 bu^2 = a^2 at b = 0: L = sqrt(al (2 a - al)) / bu.
    assert low == pytest.approx(np.sqrt(some.low * (1.8 - some.low)) / none.high)
    low, high = ratio_limits(none, some)
    assert low == 0 and 0 < high < 1


def test_text_says_what_there_is_and_why_not():
    assert Estimate(0.85, 0.7, 0.93).text() == "0.850 (0.700 to 0.930)"
    assert Estimate(0.02, -0.01, 0.05).text(2, signed=True) == "+0.02 (-0.01 to +0.05)"
    assert Estimate(None, reason="only one class").text() == "not computed: only one class"
    assert Estimate(None).text() == "not computed"
    assert Estimate(1.0, reason="three scans").text(1) == "1.0 (interval not computed: three scans)"
    assert proportion(0, 0, "no scan").text() == "not computed: no scan"


def test_a_negative_factor_turns_the_interval_round():
    assert Estimate(0.75, 0.5, 0.875).scaled(-1, 1) == Estimate(0.25, 0.125, 0.5)
    assert Estimate(None, reason="x").scaled(2) == Estimate(None, reason="x")
    assert Estimate(0.5, reason="x").scaled(2) == Estimate(1.0, reason="x")
    assert sum_of(Estimate(1.0, 0.5, 1.5), Estimate(None, reason="x")) == Estimate(None, reason="x")
