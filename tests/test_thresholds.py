"""Rules that choose a threshold: by hand, by exhaustive search, at their edges."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from brain_core import thresholds

LABELS = [1, 1, 1, 0, 0]
SCORES = [0.9, 0.6, 0.3, 0.4, 0.1]


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


def test_specificity_at_least_takes_the_lowest_threshold_that_keeps_it():
    """Thresholds 0, .2, .35, .5, .75, 1: specificity 0, 1/2, 1/2, 1, 1, 1."""
    assert thresholds.specificity_at_least(LABELS, SCORES, 0.5) == pytest.approx(0.2)
    assert thresholds.specificity_at_least(LABELS, SCORES, 0.51) == pytest.approx(0.5)
    assert thresholds.specificity_at_least(LABELS, SCORES, 0) == 0


def test_a_specificity_out_of_reach_is_named():
    with pytest.raises(
        ValueError, match="no threshold up to 1 has a specificity of at least 0.9; the highest is 0.500"
    ):
        thresholds.specificity_at_least([1, 0, 0], [1.0, 1.0, 0.2], 0.9)


def test_lowest_cost_by_hand():
    """At 40 % with a tumour, sensitivity 1, 1, 2/3, 2/3, 1/3, 0 and specificity 0, 1/2, 1/2, 1, 1, 1.

    A miss at 3 false alarms: .6, .3, .7, .4, .8, 1.2; at 1: .6, .3, .43, .13, .27, .4; at 10, .2 stays the best.
    """
    assert thresholds.lowest_cost(LABELS, SCORES, 3, 0.4) == pytest.approx(0.2)
    assert thresholds.lowest_cost(LABELS, SCORES, 1, 0.4) == pytest.approx(0.5)
    assert thresholds.lowest_cost(LABELS, SCORES, 10, 0.4) == pytest.approx(0.2)
    costs = thresholds.expected_cost(np.array([1, 2 / 3]), np.array([0.5, 1]), ratio=3, prevalence=0.4)
    assert costs == pytest.approx([0.3, 0.4])


def test_lowest_cost_goes_by_the_scans_where_no_prevalence_is_given():
    """Three of five: at a ratio of 2/3 (2 of 3 times 3 = 2) the two classes weigh the same, as in balanced accuracy."""
    rng = np.random.default_rng(1)
    labels = np.array([1, 1, 1, 0, 0] * 12)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    assert thresholds.lowest_cost(labels, scores, 2 / 3) == thresholds.best_balanced_accuracy(labels, scores)
    assert thresholds.lowest_cost(labels, scores, 50) < thresholds.lowest_cost(labels, scores, 0.05)


def test_rates_are_counted_at_each_candidate_with_ties():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 9, 60) / 8
    rates = thresholds.Rates.of([*labels, 1], [*scores, np.nan])
    assert rates.thresholds.tolist() == thresholds.candidates(scores).tolist()
    assert rates.sensitivity == pytest.approx([np.mean(scores[labels == 1] >= t) for t in rates.thresholds])
    assert rates.specificity == pytest.approx([np.mean(scores[labels == 0] < t) for t in rates.thresholds])
    assert rates.share == labels.mean()


def test_the_stored_rules_keep_their_names():
    assert list(thresholds.RULES) == ["default", "balanced_accuracy", "youden", "sensitivity_95"]


def test_thresholds_need_both_classes():
    with pytest.raises(ValueError, match="both classes"):
        thresholds.best_balanced_accuracy([1, 1], [0.2, 0.3])


def test_a_ratio_must_be_above_zero():
    with pytest.raises(ValueError, match="cost ratio above 0. Received: 0"):
        thresholds.lowest_cost(LABELS, SCORES, 0)
