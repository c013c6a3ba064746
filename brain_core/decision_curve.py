"""Decision curves: is acting on a model better than acting on everybody or on nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.curves import band
from brain_core.figures import Ranking, quotient
from brain_core.scored import Scored

THRESHOLDS = np.arange(1, 100) / 100  # threshold probabilities


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit in true positives a patient, mean over the repeats; float64 (K,) each.

    Attributes:
        thresholds: threshold probabilities: who acts from ``pt`` on takes (1 - pt) / pt false alarms for a true one.
        model: acting where ``probability >= pt``; without entries where it is not computed, as ``low`` and ``high``.
        low, high: its pointwise 95 % band by bootstrap over groups; NaN where the scans are too few.
        treat_all: acting on everybody. Acting on nobody has net benefit 0.
        prevalence: None takes that of the scans, and of each draw.
        reason: in words, why there is no curve or no band.
    """

    thresholds: np.ndarray
    model: np.ndarray
    low: np.ndarray
    high: np.ndarray
    treat_all: np.ndarray
    n: int
    prevalence: float | None
    reason: str | None = None

    @property
    def treat_none(self) -> np.ndarray:
        return np.zeros_like(self.treat_all)


def net_benefit(true_alarms, false_alarms, thresholds):
    """``true - false * pt / (1 - pt)`` (Vickers and Elkin 2006, Med Decis Making 26:565).

    Args:
        true_alarms, false_alarms: shares of all patients.
        thresholds: pt, in 0..1 without 1.
    """
    return true_alarms - false_alarms * thresholds / (1 - thresholds)


def decision_curve(
    labels, probabilities, groups=None, *, thresholds=THRESHOLDS, prevalence: float | None = None, seed: int = 0
) -> DecisionCurve:
    """Net benefit of a model over threshold probabilities.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) or (R, N) in 0..1, NaN where missing.
        groups: (N,) what is resampled as one; None takes every scan for independent.
        thresholds: (K,) in 0..1 without 1.
        prevalence: of the patients in question, 0..1; sensitivity and specificity stay those of the scans.

    Raises:
        ValueError: no scan, lengths differ, or a threshold is 1.
    """
    thresholds = np.asarray(thresholds, float)
    if not ((thresholds >= 0) & (thresholds < 1)).all():
        raise ValueError(f"Decision curve: expected thresholds from 0 to below 1. Received: {thresholds.max():g}.")
    scored = Scored.of(labels, probabilities, groups)
    if scored.flaw:
        return DecisionCurve(thresholds, *np.empty((4, 0)), scored.n, prevalence, scored.flaw)
    ranked = [
        (ranking, ranking.steps(thresholds))
        for ranking in (Ranking.of(scored.positive, p) for p in scored.probabilities)
    ]

    def figure(weights: np.ndarray) -> np.ndarray:
        return sum(
            _benefit(*ranking.counts(weights), steps, thresholds, prevalence) for ranking, steps in ranked
        ) / len(ranked)

    share = scored.positive.mean() if prevalence is None else prevalence
    treat_all = net_benefit(share, 1 - share, thresholds)
    return DecisionCurve(thresholds, *band(figure, scored, seed), treat_all, scored.n, prevalence, scored.few)


def _benefit(found, alarms, steps, thresholds, prevalence) -> np.ndarray:
    """(B, K) from `Ranking.counts`; NaN in a draw of one class where the prevalence is given."""
    tumour, other = found[:, -1:], alarms[:, -1:]
    found, alarms = found[:, steps], alarms[:, steps]
    if prevalence is None:
        return net_benefit(found / (tumour + other), alarms / (tumour + other), thresholds)
    sensitivity, rate = quotient(found, tumour), quotient(alarms, other)
    return net_benefit(prevalence * sensitivity, (1 - prevalence) * rate, thresholds)
