"""Bayes' theorem by textbook, and what has no answer."""

import pytest

from brain_core.intervals import Estimate, proportion
from brain_core.prevalence import at_prevalence


def exact(value: float) -> Estimate:
    return Estimate(value, value, value)


def test_mammography_as_published():
    """Gigerenzer et al. 2007, Psychol Sci Public Interest 8:53: prevalence 1 %, sensitivity 90 %, false alarms 9 %.

    Of 1,000 women 10 have cancer; 9 of them and 89 of the others test positive: 9 of 98 positive ones, about 9 %.
    """
    found = at_prevalence(exact(0.9), exact(0.91), 0.01)
    assert found.true_alarms.value == pytest.approx(9)
    assert found.false_alarms.value == pytest.approx(89.1)
    assert found.alarms.value == pytest.approx(98.1)
    assert found.misses.value == pytest.approx(1)
    assert found.ppv.value == pytest.approx(9 / 98.1)
    assert found.npv.value == pytest.approx(900.9 / 901.9)
    assert found.ppv.low == pytest.approx(found.ppv.value) == found.ppv.high


def test_intervals_follow_the_ends_of_sensitivity_and_specificity():
    sensitivity, specificity = proportion(18, 20, ""), proportion(45, 50, "")
    found = at_prevalence(sensitivity, specificity, 0.1)
    assert (found.misses.low, found.misses.high) == pytest.approx(
        (100 * (1 - sensitivity.high), 100 * (1 - sensitivity.low))
    )
    assert found.false_alarms.high == pytest.approx(900 * (1 - specificity.low))
    worst = at_prevalence(exact(sensitivity.low), exact(specificity.low), 0.1)
    best = at_prevalence(exact(sensitivity.high), exact(specificity.high), 0.1)
    for name in ("ppv", "npv"):  # both ends at once would be too wide
        low, value, high = (getattr(each, name).value for each in (worst, found, best))
        assert low < getattr(found, name).low < value < getattr(found, name).high < high


def test_without_a_false_alarm_every_alarm_is_true_but_not_surely():
    found = at_prevalence(proportion(18, 20, ""), proportion(30, 30, ""), 0.02)
    assert found.ppv.value == found.ppv.high == 1
    assert 0.02 < found.ppv.low < 0.5


def test_at_prevalence_0_and_1():
    nobody, everybody = (at_prevalence(exact(0.9), exact(0.8), p) for p in (0, 1))
    assert (nobody.ppv.value, nobody.npv.value, nobody.misses.value) == (0, 1, 0)
    assert (everybody.ppv.value, everybody.npv.value, everybody.false_alarms.value) == (1, 0, 0)
    assert (nobody.ppv.low, nobody.ppv.high, everybody.ppv.low, everybody.ppv.high) == (0, 0, 1, 1)


def test_nobody_positive_and_nobody_negative():
    assert at_prevalence(exact(0.0), exact(1.0), 0.1).ppv.text() == "not computed: no patient would be positive"
    assert at_prevalence(exact(1.0), exact(0.0), 0.1).npv.text() == "not computed: no patient would be negative"
    missing = Estimate(None, reason="only one class")
    assert at_prevalence(exact(0.9), missing, 0.1).ppv == missing


def test_a_percentage_is_refused():
    with pytest.raises(ValueError, match="expected 0 to 1. Received: 5"):
        at_prevalence(exact(0.9), exact(0.8), 5)
