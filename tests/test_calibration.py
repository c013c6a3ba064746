"""Calibration: known temperatures are found again, order is kept, and hopeless input is refused."""

import numpy as np
import pytest
from scipy.special import expit

from brain_core.calibration import Calibration, fit_platt, logits


@pytest.fixture
def overconfident():
    """10,000 scans whose true logit is 0.4 times the stated one plus 0.3."""
    rng = np.random.default_rng(0)
    stated = rng.normal(0, 3, 10_000)
    return (rng.random(10_000) < expit(0.4 * stated + 0.3)).astype(int), expit(stated)


def test_platt_finds_the_map_that_made_the_data(overconfident):
    found = fit_platt(*overconfident)
    assert (found.slope, found.intercept) == pytest.approx((0.4, 0.3), abs=0.03)


def test_platt_lowers_the_log_loss_as_far_as_a_slope_can(overconfident):
    labels, stated = overconfident
    found = fit_platt(labels, stated)

    def loss(p):
        return -np.mean(np.log(np.where(labels == 1, p, 1 - p)))

    assert loss(found.apply(stated)) < loss(stated)
    for other in (0.9, 1.1):
        changed = Calibration("platt", found.slope * other, found.intercept)
        assert loss(found.apply(stated)) < loss(changed.apply(stated))


def test_scans_told_apart_without_error_get_a_finite_slope():
    """Four scans of logit 1 on their side: 4 log(1 + exp(-s)) + 2 log(s)^2 is least where log(s) = s / (1 + exp(s))."""
    found = fit_platt([0, 0, 1, 1], expit([-1, -1, 1, 1]))
    rest = np.log(found.slope) - found.slope / (1 + np.exp(found.slope))
    assert 1.2857 < found.slope < 1.5 and abs(rest) < 1e-4 and abs(found.intercept) < 1e-4


def test_few_scans_that_contradict_a_network_change_it_less_than_many(overconfident):
    labels, stated = overconfident
    slopes = [fit_platt(labels[:n], stated[:n]).slope for n in (20, 10_000)]
    assert slopes[1] < slopes[0] < 1


def test_a_well_calibrated_network_keeps_its_extremes():
    """Thirteen scans without a tumour and twenty with one, all but sure: the prior leaves that at least as sure."""
    stated = np.concatenate([np.full(13, 0.01), np.full(20, 0.99)])
    found = fit_platt([0] * 13 + [1] * 20, stated).apply(stated)
    assert found[0] < 0.01 and found[-1] > 0.99


def test_platts_slope_and_intercept_are_finite_where_the_scans_are_told_apart_without_error():
    """Four tumours at logit 0 and none else would send the intercept up for ever: 4 / (1 + exp(b)) = b at 1.0."""
    found = fit_platt([1, 1, 1, 1, 0], expit([0, 0, 0, 0, -40]))
    assert found.intercept - 4 / (1 + np.exp(found.intercept)) == pytest.approx(0, abs=1e-3)


def test_order_stays_and_undo_undoes():
    calibration = Calibration("platt", 0.3, -1.0)
    p = np.linspace(0.01, 0.99, 50)
    assert (np.diff(calibration.apply(p)) > 0).all()
    assert calibration.undo(calibration.apply(p)) == pytest.approx(p)
    assert Calibration().apply(p) == pytest.approx(p)


def test_certainty_has_a_finite_logit():
    assert np.isfinite(logits([0.0, 1.0])).all()


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="both classes are needed"):
        fit_platt([1, 1], [0.2, 0.9])
