"""Net benefit by hand, at a prevalence, with a band."""

import numpy as np
import pytest

from brain_core.decision_curve import THRESHOLDS, decision_curve, net_benefit
from brain_core.scored import ONE_CLASS, TOO_FEW

LABELS = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
SCORES = [0.9, 0.8, 0.6, 0.1, 0.7, 0.4, 0.2, 0.1, 0.1, 0.0]


def test_net_benefit_by_hand():
    """At 0.5: 3 true and 1 false alarm of 10, a false one at odds of 1; at 0.2: 3 and 3 at odds of 1/4."""
    found = decision_curve(LABELS, SCORES, thresholds=[0.2, 0.5])
    assert found.model == pytest.approx([0.3 - 0.3 / 4, 0.3 - 0.1])
    assert found.treat_all == pytest.approx([0.4 - 0.6 / 4, 0.4 - 0.6])
    assert found.treat_none.tolist() == [0, 0]


def test_acting_on_everybody_is_what_a_model_that_alarms_always_gives():
    found = decision_curve(LABELS, [1.0] * 10)
    assert found.model == pytest.approx(found.treat_all)
    assert found.treat_all[39] == pytest.approx(0)  # pt = prevalence
    assert len(found.thresholds) == len(THRESHOLDS) == 99


def test_at_a_prevalence_sensitivity_and_specificity_stay():
    """Sensitivity 3/4 and a false positive rate of 1/6 at 0.5; of 2 in 100 patients."""
    found = decision_curve(LABELS, SCORES, thresholds=[0.5], prevalence=0.02)
    assert found.model == pytest.approx([0.02 * 3 / 4 - 0.98 / 6])
    assert found.treat_all == pytest.approx([0.02 - 0.98])
    own = decision_curve(LABELS, SCORES, prevalence=0.4)
    assert own.model == pytest.approx(decision_curve(LABELS, SCORES).model)


def test_repeats_are_averaged_and_missing_scans_left_out():
    p = np.random.default_rng(0).random((2, 10))
    mean = decision_curve(LABELS, p)
    assert mean.model == pytest.approx((decision_curve(LABELS, p[0]).model + decision_curve(LABELS, p[1]).model) / 2)
    more = decision_curve([*LABELS, 1], np.append(p, [[np.nan], [0.5]], axis=1))
    assert (more.n, more.model.tolist()) == (10, mean.model.tolist())


@pytest.mark.parametrize("prevalence", [None, 0.1])
def test_the_band_is_the_quantiles_of_draws(prevalence):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 80)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    values = []
    for _ in range(3000):
        y, p = (values_[d] for d in [rng.integers(0, 80, 80)] for values_ in (labels, scores))
        share = y.mean() if prevalence is None else prevalence
        values.append(net_benefit(share * (p[y == 1] >= 0.3).mean(), (1 - share) * (p[y == 0] >= 0.3).mean(), 0.3))
    found = decision_curve(labels, scores, thresholds=[0.3], prevalence=prevalence)
    assert [found.low[0], found.high[0]] == pytest.approx(np.quantile(values, (0.025, 0.975)), abs=0.015)
    assert found.low[0] < found.model[0] < found.high[0]


def test_what_is_not_computed_says_why():
    one_class = decision_curve([1] * 12, [0.5] * 12)
    assert (one_class.model.size, one_class.reason) == (0, ONE_CLASS)
    few = decision_curve([1, 0], [0.5, 0.2])
    assert np.isnan(few.low).all() and few.reason == TOO_FEW


def test_a_threshold_of_one_has_no_odds():
    with pytest.raises(ValueError, match="from 0 to below 1. Received: 1"):
        decision_curve(LABELS, SCORES, thresholds=[0.5, 1.0])
