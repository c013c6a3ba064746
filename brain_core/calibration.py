"""Calibration: making a probability mean what it says, by a monotone map of the logit fitted on validation data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

EDGE = 1e-6  # probabilities are kept this far from 0 and 1, so that their logit is finite
PRIOR_DEVIATION = 0.5  # of the slope's logarithm: in 19 cases of 20 the slope is within a factor of 2.7 of 1
INTERCEPT_DEVIATION = 1.0  # of the intercept around 0: likewise, the odds within a factor of 7.1


@dataclass(frozen=True)
class Calibration:
    """``calibrated = sigmoid(slope * logit(p) + intercept)``; slope > 0 leaves the order of the scans as it is.

    Attributes:
        method: ``none``, ``temperature`` (intercept 0; slope is 1/T) or ``platt``.
    """

    method: str = "none"
    slope: float = 1.0
    intercept: float = 0.0

    def apply(self, probabilities) -> np.ndarray:
        """float64 (N,) in 0..1."""
        return expit(self.slope * logits(probabilities) + self.intercept)

    def undo(self, calibrated) -> np.ndarray:
        """What `apply` was given: float64 (N,) in 0..1."""
        return expit((logits(calibrated) - self.intercept) / self.slope)


def logits(probabilities) -> np.ndarray:
    """log(p / (1 - p)), finite, float64 (N,)."""
    return logit(np.clip(np.asarray(probabilities, float), EDGE, 1 - EDGE))


def fit_platt(labels, probabilities) -> Calibration:
    """Platt scaling (1999, 'Probabilistic outputs for support vector machines'): the most likely slope and intercept.

    In place of his smoothed targets, with which 13 scans of a class would let no probability come below 1/15, both have
    a prior, the logarithm of the slope and the intercept normally distributed around 0: they keep the map finite where
    a few scans are told apart without error, and leave a network as it is where they are too few to say otherwise.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) in 0..1.

    Raises:
        ValueError: only one class is present.
    """
    labels, scores = _checked(labels, probabilities)

    def unlikelihood(x: np.ndarray) -> float:
        log_slope, intercept = x
        prior = (log_slope / PRIOR_DEVIATION) ** 2 / 2 + (intercept / INTERCEPT_DEVIATION) ** 2 / 2
        return len(labels) * _log_loss(labels, np.exp(log_slope) * scores + intercept) + prior

    found = minimize(unlikelihood, x0=(0.0, 0.0)).x
    return Calibration("platt", float(np.exp(found[0])), float(found[1]))


def _log_loss(targets: np.ndarray, scores: np.ndarray) -> float:
    return float(np.mean(np.logaddexp(0, scores) - targets * scores))


def _checked(labels, probabilities) -> tuple[np.ndarray, np.ndarray]:
    """(labels, logits)."""
    labels = np.asarray(labels, int)
    if len(np.unique(labels)) < 2:
        raise ValueError("Calibration: both classes are needed to fit one.")
    return labels, logits(probabilities)
