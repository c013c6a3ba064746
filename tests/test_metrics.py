import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from brain_core import metrics, thresholds

LABELS = [1, 1, 1, 0, 0]
SCORES = [0.9, 0.6, 0.3, 0.4, 0.1]


def test_hand_computed_figures():
    """At 0.5: TP 2, FN 1, FP 0, TN 2. AUC: 5 of 6 pairs in order (0.3 lies under 0.4)."""
    m = metrics.compute(LABELS, SCORES, 0.5)
    assert (m.n, m.groups, m.positives) == (5, 5, 3)
    assert m.accuracy.value == pytest.approx(4 / 5)
    assert m.precision.value == 1
    assert m.recall.value == pytest.approx(2 / 3)
    assert m.specificity.value == 1
    assert m.f1.value == pytest.approx(4 / 5)
    assert m.roc_auc.value == pytest.approx(5 / 6)
    assert m.brier == pytest.approx((0.01 + 0.16 + 0.49 + 0.16 + 0.01) / 5)


def test_expected_calibration_error_by_hand():
    """Bins [0.1, 0.2): one scan, gap 0.1; [0.9, 1]: two scans at 0.95, one of them positive, gap 0.45."""
    assert metrics.expected_calibration_error([0, 1, 0], [0.1, 0.95, 0.95]) == pytest.approx((0.1 + 2 * 0.45) / 3)
    assert metrics.expected_calibration_error([1, 0], [1.0, 0.0]) == 0


def test_score_equal_to_the_threshold_counts_as_tumor():
    assert metrics.compute([1, 0], [0.5, 0.49], 0.5).accuracy.value == 1


def test_auc_with_ties_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 5, 60) / 4
    assert metrics.roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_figures_of_drawn_scans_are_scikit_learns_with_weights():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 50), rng.integers(0, 9, 50) / 8
    weights = rng.integers(0, 4, (20, 50)).astype(float)
    predicted = (scores >= 0.5).astype(int)
    figures = metrics._figures(labels, scores, predicted)
    expected = {
        "accuracy": lambda w: sk.accuracy_score(labels, predicted, sample_weight=w),
        "balanced_accuracy": lambda w: sk.balanced_accuracy_score(labels, predicted, sample_weight=w),
        "precision": lambda w: sk.precision_score(labels, predicted, sample_weight=w),
        "recall": lambda w: sk.recall_score(labels, predicted, sample_weight=w),
        "specificity": lambda w: sk.recall_score(labels, predicted, pos_label=0, sample_weight=w),
        "f1": lambda w: sk.f1_score(labels, predicted, sample_weight=w),
        "roc_auc": lambda w: sk.roc_auc_score(labels, scores, sample_weight=w),
        "sensitivity_at_85": lambda w: _sensitivity_at_85(labels, scores, w),
    }
    assert set(figures) == set(expected)
    for name, figure in figures.items():
        assert figure(weights) == pytest.approx([expected[name](w) for w in weights]), name


def _sensitivity_at_85(labels, scores, weights):
    alarms, found, _ = sk.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    return found[alarms <= 0.15 + 1e-9].max()


def test_sensitivity_at_85_by_hand():
    """Of 20 others three may alarm: the threshold 0.4 lets 0.5, 0.6, 0.7 alarm and finds three of four tumours."""
    labels = [1] * 4 + [0] * 20
    scores = [0.9, 0.8, 0.4, 0.2] + [0.7, 0.6, 0.5, 0.3] + [0.1] * 16
    assert metrics.compute(labels, scores, 0.5).sensitivity_at_85.value == 3 / 4


def test_repetitions_are_averaged_each_at_its_own_thresholds():
    """First: all right at 0.5. Second: at 0.2 the two others alarm, at 0.5 for the last one only one of them."""
    labels, p = [1, 1, 0, 0], [0.9, 0.8, 0.3, 0.3]
    found = metrics.compute_repeated(labels, [p, p], [[0.5] * 4, [0.2, 0.2, 0.2, 0.5]])
    assert found.accuracy.value == pytest.approx((1 + 3 / 4) / 2)
    assert found.specificity.value == pytest.approx((1 + 1 / 2) / 2)
    assert found.roc_auc.value == 1


def test_intervals_hold_the_value_and_widen_when_scans_are_copies_of_each_other():
    rng = np.random.default_rng(1)
    labels = np.repeat(rng.integers(0, 2, 40), 5)
    scores = np.clip(np.repeat(rng.normal(0, 0.2, 40), 5) + labels * 0.2 + 0.4, 0, 1)
    alone = metrics.compute(labels, scores, 0.5)
    grouped = metrics.compute(labels, scores, 0.5, np.repeat(np.arange(40), 5))
    for m in (alone, grouped):
        assert m.roc_auc.low < m.roc_auc.value < m.roc_auc.high
    width = [m.roc_auc.high - m.roc_auc.low for m in (alone, grouped)]
    assert width[1] > 1.5 * width[0]  # the square root of five, about, for five copies each


def test_same_seed_same_interval():
    assert metrics.compute(LABELS, SCORES, 0.5, seed=4) == metrics.compute(LABELS, SCORES, 0.5, seed=4)


def test_one_class_is_not_computed_rather_than_zero():
    m = metrics.compute([1, 1], [0.2, 0.8], 0.5)
    assert m.roc_auc.value is None
    assert m.specificity.value is None
    assert m.recall.value == 0.5
    assert metrics.compute([0, 0], [0.1, 0.2], 0.5).precision.value is None


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="Received: 2, 3, 2"):
        metrics.compute([0, 1], [0.1, 0.2, 0.3], 0.5)
    with pytest.raises(ValueError, match="at least one"):
        metrics.compute([], [], 0.5)


def test_best_balanced_accuracy_by_hand():
    """Thresholds 0, .2, .35, .5, .75, 1: balanced accuracy 1/2, 3/4, 7/12, 5/6, 2/3, 1/2."""
    assert thresholds.best_balanced_accuracy(LABELS, SCORES) == pytest.approx(0.5)


def test_best_balanced_accuracy_is_the_best_of_a_fine_grid():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 80)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    best = thresholds.best_balanced_accuracy(labels, scores)
    grid = [balanced_accuracy_score(labels, scores >= t) for t in np.linspace(0, 1, 2001)]
    assert balanced_accuracy_score(labels, scores >= best) >= max(grid)


def test_of_equal_thresholds_the_one_nearest_to_a_half_is_taken():
    assert thresholds.best_balanced_accuracy([0, 0, 1, 1], [0.1, 0.2, 0.9, 0.95]) == pytest.approx(0.55)


def test_sensitivity_at_least_takes_the_highest_threshold_that_keeps_it():
    assert thresholds.sensitivity_at_least(LABELS, SCORES, 0.95) == pytest.approx(0.2)
    assert thresholds.sensitivity_at_least(LABELS, SCORES, 0.6) == pytest.approx(0.5)


def test_thresholds_need_both_classes():
    with pytest.raises(ValueError, match="both classes"):
        thresholds.best_balanced_accuracy([1, 1], [0.2, 0.3])
