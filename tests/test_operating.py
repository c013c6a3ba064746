"""Operating points: the cumulated object says what plain counting says, at every threshold."""

import time

import numpy as np
import pytest
from sklearn import metrics as sk

from brain_core import metrics, thresholds
from brain_core.intervals import Z, proportion
from brain_core.operating import NO_ALARM_RATE, NO_CLEARANCE, SHARES, OperatingCurve
from brain_core.scored import NOTHING_SCORED, ONE_CLASS


@pytest.fixture
def tied():
    rng = np.random.default_rng(0)
    return rng.integers(0, 2, 90), rng.integers(0, 9, 90) / 8, rng.integers(0, 50, 90)


def test_point_by_hand():
    """At 0.5: TP 2, FN 1, FP 1, TN 3."""
    point = OperatingCurve.of([1, 1, 1, 0, 0, 0, 0], [0.9, 0.5, 0.3, 0.8, 0.4, 0.1, 0.1]).at(0.5)
    assert (point.tp, point.fp, point.fn, point.tn) == (2, 1, 1, 3)
    assert point.sensitivity == proportion(2, 3, "") and point.specificity == proportion(3, 4, "")
    assert point.precision == proportion(2, 3, "") and point.npv == proportion(3, 4, "")
    assert point.accuracy.low == pytest.approx(proportion(5, 7, "").low)
    assert point.balanced_accuracy.value == pytest.approx(17 / 24)
    assert point.f1.value == pytest.approx(4 / 6)
    assert point.lr_positive.value == pytest.approx((2 / 3) / (1 / 4))
    assert point.lr_negative.value == pytest.approx((1 / 3) / (3 / 4))


def test_every_threshold_counts_as_scikit_learn(tied):
    labels, scores, groups = tied
    curve = OperatingCurve.of(labels, scores, groups)
    for t in (0, 0.1, 0.125, 0.5, 0.51, 0.999, 1):
        point, predicted = curve.at(t), scores >= t
        tn, fp, fn, tp = sk.confusion_matrix(labels, predicted).ravel()
        assert (point.tp, point.fp, point.fn, point.tn) == (tp, fp, fn, tn)
        assert point.balanced_accuracy.value == pytest.approx(sk.balanced_accuracy_score(labels, predicted))
        assert point.f1.value == pytest.approx(sk.f1_score(labels, predicted))
        if fp and tn:
            assert (point.lr_positive.value, point.lr_negative.value) == pytest.approx(
                sk.class_likelihood_ratios(labels, predicted)
            )


def test_intervals_of_groups_come_from_the_spread_between_them(tied):
    """Rao and Scott: the variance of a ratio over groups against the binomial one, computed plainly."""
    labels, scores, groups = tied
    curve = OperatingCurve.of(labels, scores, groups)
    ids = np.unique(groups, return_inverse=True)[1]
    for t in (0.25, 0.5, 0.75):
        alarm, positive = scores >= t, labels == 1
        columns = (alarm & positive, alarm & ~positive, positive, ~positive)
        counts = np.stack([np.bincount(ids, c) for c in columns], axis=1)
        for name in ("accuracy", "sensitivity", "specificity", "precision", "npv"):
            part, whole, _ = SHARES[name]
            hits, sizes = counts @ part, counts @ whole
            share = hits.sum() / sizes.sum()
            effect = np.sum((hits - share * sizes) ** 2) / (sizes.sum() * share * (1 - share))
            worth = sizes.sum() / max(effect, 1)
            expected, found = proportion(share * worth, worth, ""), getattr(curve.at(t), name)
            assert (found.value, found.low, found.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_intervals_are_about_those_of_the_bootstrap_over_groups():
    rng = np.random.default_rng(1)
    labels = np.repeat(rng.integers(0, 2, 150), 4)
    scores = np.clip(np.repeat(rng.normal(0, 0.15, 150), 4) + rng.normal(0, 0.1, 600) + 0.4 + 0.2 * labels, 0, 1)
    groups = np.repeat(np.arange(150), 4)
    point, m = OperatingCurve.of(labels, scores, groups).at(0.5), metrics.compute(labels, scores, 0.5, groups)
    for name in ("accuracy", "specificity", "precision", "npv", "balanced_accuracy", "f1"):
        one, other = getattr(point, name), getattr(m, name)
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=0.02), name
    plain = OperatingCurve.of(labels, scores).at(0.5).accuracy
    assert point.accuracy.high - point.accuracy.low > 1.5 * (plain.high - plain.low)


def test_a_group_all_right_is_worth_one_scan():
    found = OperatingCurve.of([1] * 6 + [0], [0.9] * 6 + [0.1], [0, 0, 0, 1, 1, 1, 2]).at(0.5).sensitivity
    assert found == proportion(2, 2, "")


def test_repeats_are_averaged_and_no_new_scans(tied):
    labels, scores, groups = tied
    once, thrice = (OperatingCurve.of(labels, p, groups).at(0.5) for p in (scores, [scores] * 3))
    assert (thrice.tp, thrice.fp, thrice.fn, thrice.tn) == (once.tp, once.fp, once.fn, once.tn)
    for name in ("sensitivity", "precision", "f1", "lr_positive"):
        one, other = getattr(once, name), getattr(thrice, name)
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high))
    mixed = OperatingCurve.of([1, 0], [[0.9, 0.1], [0.2, 0.3]]).at(0.5)
    assert (mixed.tp, mixed.fn, mixed.sensitivity.value) == (0.5, 0.5, 0.5)


def test_thresholds_0_and_1():
    labels, p = [1, 1, 0, 0], [1.0, 0.4, 0.6, 0.0]
    curve = OperatingCurve.of(labels, p)
    everything, certain = curve.at(0), curve.at(1)
    assert (everything.tp, everything.fp, certain.tp, certain.fp) == (2, 2, 1, 0)
    assert everything.npv.reason == "no scan predicted negative"
    assert (everything.lr_negative.reason, certain.lr_positive.reason) == (NO_CLEARANCE, NO_ALARM_RATE)
    above = curve.at(1.1)
    assert (above.tp, above.precision.reason) == (0, "no scan predicted positive")


def test_one_class_and_no_prediction():
    curve = OperatingCurve.of([1, 1, 1], [0.2, 0.8, np.nan])
    assert (curve.flaw, curve.n, curve.lowest_cost(5, 0.1), curve.costs(5, 0.1)[0].size) == (ONE_CLASS, 2, None, 0)
    point = curve.at(0.5)
    assert point.sensitivity.value == 0.5
    for each in (point.specificity, point.balanced_accuracy, point.lr_positive, point.at_prevalence(0.1).ppv):
        assert each.text() == "not computed: no scan without a tumour"
    nothing = OperatingCurve.of([0, 1], [np.nan, np.nan]).at(0.5)
    assert nothing.sensitivity.text() == nothing.cost(2, 0.1).text() == f"not computed: {NOTHING_SCORED}"


def test_cost_by_hand_and_its_lowest(tied):
    labels, scores, _ = tied
    curve = OperatingCurve.of(labels, scores)
    point = curve.at(0.5)
    expected = 20 * 0.05 * (1 - point.sensitivity.value) + 0.95 * (1 - point.specificity.value)
    cost = point.cost(20, 0.05)
    assert cost.value == pytest.approx(expected)
    assert cost.low < expected < cost.high
    at, costs = curve.costs(20, 0.05)
    assert costs == pytest.approx([curve.at(t).cost(20, 0.05).value for t in at])
    best = curve.lowest_cost(20, 0.05)
    assert best == thresholds.lowest_cost(labels, scores, 20, 0.05)
    assert curve.at(best).cost(20, 0.05).value == pytest.approx(min(curve.at(t).cost(20, 0.05).value for t in at))


def test_one_scan_a_group_has_wilsons_interval():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 300), rng.random(300)
    found = OperatingCurve.of(labels, scores, rng.permutation(300)).at(0.3)
    assert found.sensitivity == proportion(found.tp, found.tp + found.fn, "")
    half = Z * np.sqrt(found.accuracy.value * (1 - found.accuracy.value) / 300)
    assert found.accuracy.high - found.accuracy.low == pytest.approx(2 * half, rel=0.02)


def test_a_hundred_thousand_predictions_are_asked_in_no_time():
    """100 ms a move of the slider is the aim; the median of ten stays far below even on a busy machine."""
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 2, 100_000)
    curve = OperatingCurve.of(
        labels, np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), rng.integers(0, 60_000, 100_000)
    )
    seconds = []
    for t in np.linspace(0, 1, 10):
        start = time.perf_counter()
        point = curve.at(t)
        point.at_prevalence(0.01), point.cost(20, 0.01), curve.lowest_cost(20, 0.01)
        seconds.append(time.perf_counter() - start)
    assert np.median(seconds) < 0.05
