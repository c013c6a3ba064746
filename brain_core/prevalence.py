"""What sensitivity and specificity mean for patients, of whom a given share have a tumour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.intervals import Estimate, ratio_limits, sum_of

PATIENTS = 1000


@dataclass(frozen=True)
class AtPrevalence:
    """What an operating point means where ``prevalence`` (0..1) of the patients have a tumour, by Bayes' theorem.

    All but ``ppv`` and ``npv`` are patients in 1,000. Intervals carry the scans' uncertainty; the prevalence is taken
    for certain.
    """

    prevalence: float
    ppv: Estimate
    npv: Estimate
    alarms: Estimate
    true_alarms: Estimate
    false_alarms: Estimate
    misses: Estimate


def at_prevalence(sensitivity: Estimate, specificity: Estimate, prevalence: float) -> AtPrevalence:
    """Predictive values and patients in 1,000.

    Raises:
        ValueError: the prevalence is not in 0..1.
    """
    if not 0 <= prevalence <= 1:
        raise ValueError(f"Prevalence: expected 0 to 1. Received: {prevalence}.")
    missed, rate = sensitivity.scaled(-1, 1), specificity.scaled(-1, 1)
    true, false = sensitivity.scaled(PATIENTS * prevalence), rate.scaled(PATIENTS * (1 - prevalence))
    return AtPrevalence(
        prevalence=prevalence,
        ppv=_predictive(sensitivity, rate, prevalence, "no patient would be positive"),
        npv=_predictive(specificity, missed, 1 - prevalence, "no patient would be negative"),
        alarms=sum_of(true, false),
        true_alarms=true,
        false_alarms=false,
        misses=missed.scaled(PATIENTS * prevalence),
    )


def _predictive(hit: Estimate, false: Estimate, prior: float, reason: str) -> Estimate:
    """Bayes: the share of hits among hits and false ones; ``prior`` is that of the patients who can be hit."""
    for each in (hit, false):
        if each.value is None:
            return each
    right, wrong = prior * hit.value, (1 - prior) * false.value
    if not right + wrong:
        return Estimate(None, reason=reason)
    low, high = (_posterior(prior, ratio) for ratio in ratio_limits(hit, false))
    return Estimate(right / (right + wrong), low, high)


def _posterior(prior: float, ratio: float) -> float:
    if prior in (0.0, 1.0) or np.isinf(ratio):
        return float(prior > 0) if np.isinf(ratio) else prior
    return prior * ratio / (prior * ratio + 1 - prior)
