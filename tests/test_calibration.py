"""Calibration: known temperatures are found again, order is kept, and hopeless input is refused."""

import numpy as np
import pytest
from scipy.special import expit

from brain_core.calibration import Calibration, fit_platt, fit_temperature, logits


@pytest.fixture
def overconfident():
    """10,000 scans whose true logit is 0.4 times the stated one plus 0.3."""
    rng = np.random.default_rng(0)
    stated = rng.normal(0, 3, 10_000)
    return (rng.random(10_000) < expit(0.4 * stated + 0.3)).astype(int), expit(stated)


def test_platt_finds_the_map_that_made_the_data(overconfident):
    found = fit_platt(*overconfident)
    assert (found.slope, found.intercept) == pytest.approx((0.4, 0.3), abs=0.03)


def test_temperature_has_no_intercept_and_lowers_the_log_loss(overconfident):
    labels, stated = overconfident
    found = fit_temperature(labels, stated)
    assert found.intercept == 0
    assert found.slope == pytest.approx(0.4, abs=0.03)

    def loss(p):
        return -np.mean(np.log(np.where(labels == 1, p, 1 - p)))

    assert loss(found.apply(stated)) < loss(stated)
    for other in (0.9, 1.1):
        assert loss(found.apply(stated)) < loss(Calibration("temperature", found.slope * other).apply(stated))


def test_scans_told_apart_without_error_get_a_finite_slope():
    found = fit_temperature([0, 0, 1, 1], [0.4, 0.45, 0.55, 0.6])
    nearer, farther = found.apply([0.55, 0.6])
    assert 0.5 < nearer < 0.75 < farther < 0.9  # Platt's target of two positives is 3/4


def test_order_stays_and_undo_undoes():
    calibration = Calibration("platt", 0.3, -1.0)
    p = np.linspace(0.01, 0.99, 50)
    assert (np.diff(calibration.apply(p)) > 0).all()
    assert calibration.undo(calibration.apply(p)) == pytest.approx(p)
    assert Calibration().apply(p) == pytest.approx(p)


def test_certainty_has_a_finite_logit():
    assert np.isfinite(logits([0.0, 1.0])).all()


@pytest.mark.parametrize("fit", [fit_temperature, fit_platt])
def test_one_class_is_refused(fit):
    with pytest.raises(ValueError, match="both classes are needed"):
        fit([1, 1], [0.2, 0.9])
