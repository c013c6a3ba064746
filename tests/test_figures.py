"""The ranking that every curve and figure of order counts on."""

import numpy as np
import pytest

from brain_core.figures import Ranking, bin_of, quotient


def test_a_ranking_counts_alarms_as_the_threshold_falls():
    """Scores .9 (tumour), .5 (one of each, one step), .1 (other); the last scan drawn twice."""
    ranking = Ranking.of(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.9, 0.1]))
    found, alarms = ranking.counts(np.array([[1.0, 1, 1, 1], [0, 1, 1, 2]]))
    assert ranking.scores.tolist() == [0.9, 0.5, 0.1]
    assert found.tolist() == [[0, 1, 2, 2], [0, 1, 1, 1]]
    assert alarms.tolist() == [[0, 0, 1, 2], [0, 0, 1, 3]]


def test_a_step_is_that_of_scores_at_or_above_the_threshold():
    ranking = Ranking.of(np.array([True, False, True]), np.array([0.5, 0.2, 1.0]))
    assert ranking.steps([0, 0.2, 0.21, 0.5, 1.0]).tolist() == [3, 3, 2, 2, 1]


def test_without_ties_each_scan_is_a_step():
    rng = np.random.default_rng(0)
    positive, scores, weights = rng.random(30) < 0.5, rng.random(30), rng.integers(0, 3, (4, 30)).astype(float)
    ranking = Ranking.of(positive, scores)
    found, alarms = ranking.counts(weights)
    for step, threshold in enumerate(ranking.scores, start=1):
        assert found[:, step].tolist() == weights[:, positive & (scores >= threshold)].sum(axis=1).tolist()
        assert alarms[:, step].tolist() == weights[:, ~positive & (scores >= threshold)].sum(axis=1).tolist()


def test_bins_hold_their_lower_edge_and_the_last_one():
    assert bin_of(np.array([0, 0.1, 0.19, 0.95, 1.0]), 10).tolist() == [0, 1, 1, 9, 9]


def test_nothing_divided_by_nothing_is_not_computed():
    assert quotient(np.array([1.0, 0.0]), np.array([2.0, 0.0])) == pytest.approx([0.5, np.nan], nan_ok=True)
