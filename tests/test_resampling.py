"""The bootstrap draws groups, and its quantiles are numpy's."""

import numpy as np
import pytest
from scipy.stats import norm

from brain_core.metrics import mean
from brain_core.resampling import REPLICATES, bootstrap, estimates, interval, resample


def test_scans_of_a_group_are_drawn_together_and_as_many_groups_as_there_are():
    groups = np.array([4, 4, 4, 9, 1, 1])
    weights = resample(lambda w: w, groups, seed=3)[1]
    assert weights.shape == (REPLICATES, 6)
    assert (weights[:, [0, 0, 4]] == weights[:, [1, 2, 5]]).all()
    assert (weights[:, [0, 3, 4]].sum(axis=1) == 3).all()


def test_draws_in_chunks_are_the_draws_of_one_seed():
    """1,500 scans are weighed a few draws at a time; each group's count is the generator's own."""
    weights = resample(lambda w: w, np.arange(1500), seed=7)[1]
    expected = np.random.default_rng(7).multinomial(1500, np.full(1500, 1 / 1500), 20)
    assert np.array_equal(weights[:20], expected)


def test_quantiles_are_numpys_without_the_unknown():
    rng = np.random.default_rng(0)
    values = rng.random((1000, 2, 3))
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 1, 2] = np.nan
    known = np.nanquantile(values.reshape(1000, 6)[:, :5], (0.025, 0.975), axis=0)
    low, high = interval(values)
    assert low.ravel()[:5] == pytest.approx(known[0])
    assert high.ravel()[:5] == pytest.approx(known[1])
    assert np.isnan([low[1, 2], high[1, 2]]).all()


def test_the_interval_of_a_mean_is_the_normal_one():
    values = np.random.default_rng(1).normal(0, 1, 400)
    found = bootstrap(mean(values), np.arange(400))
    assert found.value == pytest.approx(values.mean())
    half = norm.ppf(0.975) * values.std() / 20
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.15 * half)


def test_several_figures_come_from_the_same_draws():
    values, groups = np.random.default_rng(2).random((2, 30)), np.arange(30) // 3
    both = estimates(lambda w: np.stack([mean(v)(w) for v in values], axis=1), groups, seed=5)
    assert both == [bootstrap(mean(v), groups, seed=5) for v in values]


def test_a_figure_without_a_value_says_why():
    found = bootstrap(lambda w: np.full(len(w), np.nan), np.arange(3), reason="nothing to see")
    assert found.text() == "not computed: nothing to see"
