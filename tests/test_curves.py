"""ROC and precision-recall curves against scikit-learn, for the scans and for each draw of them."""

import numpy as np
import pytest
from sklearn import metrics as sk

from brain_core import curves
from brain_core.figures import Ranking
from brain_core.metrics import compute
from brain_core.scored import ONE_CLASS, TOO_FEW

GRID = curves.GRID


@pytest.fixture
def tied():
    """60 scans whose scores take nine values, and 20 draws of them."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, 60), rng.integers(0, 9, 60) / 8, rng.integers(0, 4, (20, 60)).astype(float)


def roc_of(labels, scores, weights):
    """At each grid point between the last threshold at or below it and the next, as a ruler would."""
    x, y, _ = sk.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    x = np.round(x, 12)
    last = np.array([np.flatnonzero(x <= g + 1e-9).max() for g in GRID])
    there = np.minimum(last + 1, len(x) - 1)
    share = np.divide(GRID - x[last], x[there] - x[last], out=np.zeros(len(GRID)), where=there > last)
    return y[last] + share * (y[there] - y[last])


def precision_of(labels, scores, weights):
    precision, recall, _ = sk.precision_recall_curve(labels, scores, sample_weight=weights)
    return [precision[recall >= (g or 1e-6) - 1e-9][-1] for g in GRID]


def test_both_curves_are_scikit_learns_for_each_draw(tied):
    labels, scores, weights = tied
    counts = Ranking.of(labels == 1, scores).counts(weights)
    for found, roc, precision in zip(weights, curves._sensitivities(*counts), curves._precisions(*counts), strict=True):
        assert roc == pytest.approx(roc_of(labels, scores, found))
        assert precision == pytest.approx(precision_of(labels, scores, found))


def test_curves_by_hand():
    """Ranks tumour, other, tumour, other: ROC (0, 1/2), (1/2, 1/2 to 1), (1, 1); precision 1, then 2/3."""
    found = curves.curves([1, 0, 1, 0] * 5, [0.9, 0.8, 0.7, 0.6] * 5)
    roc, precision = found.roc.y, found.precision_recall.y
    assert roc[[0, 25, 49, 50, 100]] == pytest.approx([0.5, 0.5, 0.5, 1, 1])
    assert precision[[0, 50, 51, 100]] == pytest.approx([1, 1, 2 / 3, 2 / 3])
    assert (found.roc.n, found.roc.positives) == (20, 10)


def test_all_scores_equal_is_the_diagonal_and_the_prevalence():
    found = curves.curves([1, 0, 0, 0] * 10, [0.3] * 40)
    assert found.roc.y == pytest.approx(GRID)
    assert found.precision_recall.y == pytest.approx(np.full(101, 0.25))


def test_the_areas_under_the_curves_are_the_figures():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 400)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    found, m = curves.curves(labels, scores), compute(labels, scores, 0.5)
    assert np.trapezoid(found.roc.y, GRID) == pytest.approx(m.roc_auc.value, abs=0.005)
    assert found.precision_recall.y[1:].mean() == pytest.approx(m.pr_auc.value, abs=0.005)


def test_repeats_are_averaged():
    rng = np.random.default_rng(5)
    labels, p = rng.integers(0, 2, 40), rng.random((2, 40))
    mean, *each = (curves.curves(labels, q) for q in (p, p[0], p[1]))
    for of in (lambda c: c.roc.y, lambda c: c.precision_recall.y):
        assert of(mean) == pytest.approx((of(each[0]) + of(each[1])) / 2)


def test_bands_hold_the_curve_and_widen_when_scans_are_copies():
    rng = np.random.default_rng(6)
    labels = np.repeat(rng.integers(0, 2, 40), 5)
    scores = np.clip(np.repeat(rng.normal(0, 0.2, 40), 5) + labels * 0.2 + 0.4, 0, 1)
    alone, grouped = (curves.curves(labels, scores, g) for g in (None, np.repeat(np.arange(40), 5)))
    for one, other in ((alone.roc, grouped.roc), (alone.precision_recall, grouped.precision_recall)):
        assert (other.low <= other.y).all() and (other.y <= other.high).all()
        assert (other.high - other.low)[20:80].mean() > 1.5 * (one.high - one.low)[20:80].mean()


def test_a_band_is_the_quantiles_of_draws():
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 2, 80)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    draws = [np.bincount(rng.integers(0, 80, 80), minlength=80) for _ in range(1500)]
    low, high = np.quantile([roc_of(labels, scores, d) for d in draws], (0.025, 0.975), axis=0)
    found = curves.curves(labels, scores).roc
    assert found.low == pytest.approx(low, abs=0.06)
    assert found.high == pytest.approx(high, abs=0.06)


def test_what_is_not_computed_says_why():
    one_class = curves.curves([1] * 12, [0.5] * 12)
    assert (one_class.roc.y.size, one_class.roc.reason, one_class.precision_recall.reason) == (0, ONE_CLASS, ONE_CLASS)
    few = curves.curves([1, 0, 1], [0.9, 0.2, 0.4]).roc
    assert (few.y == 1).all() and np.isnan(few.low).all() and few.reason == TOO_FEW


def test_histogram_counts_each_class_and_averages_repeats():
    """Of two repeats: the tumour at .05 and 1, the other at .5 twice; a scan without a prediction is left out."""
    found = curves.histogram([1, 0, 0], [[0.05, 0.5, np.nan], [1.0, 0.5, 0.1]], bins=4)
    assert found.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert found.tumour.tolist() == [0.5, 0, 0, 0.5]
    assert found.other.tolist() == [0, 0, 1, 0]
