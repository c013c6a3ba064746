"""Calibration: making a probability mean what it says, by a monotone map of the logit fitted on validation data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

EDGE = 1e-6  # probabilities are kept this far from 0 and 1, so that their logit is finite
TEMPERATURES = (0.2, 20.0)  # searched


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


def logits(probabilities) -> np.ndarray:
    """log(p / (1 - p)), finite, float64 (N,)."""
    return logit(np.clip(np.asarray(probabilities, float), EDGE, 1 - EDGE))


def fit_temperature(labels, probabilities) -> Calibration:
    """Temperature scaling: one number, the lowest log loss (Guo et al. 2017, arXiv:1706.04599).

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) in 0..1.

    Raises:
        ValueError: only one class is present.
    """
    labels, scores = _checked(labels, probabilities)
    sign = np.where(labels == 1, -1.0, 1.0)

    def log_loss(log_temperature: float) -> float:
        return float(np.mean(np.logaddexp(0, sign * scores / np.exp(log_temperature))))

    found = minimize_scalar(log_loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return Calibration("temperature", slope=float(np.exp(-found.x)))


def fit_platt(labels, probabilities) -> Calibration:
    """Platt scaling: slope and intercept, with a weak ridge that keeps them finite on separable data.

    Platt 1999, 'Probabilistic outputs for support vector machines'; here on the network's logit.

    Raises:
        ValueError: only one class is present.
    """
    labels, scores = _checked(labels, probabilities)
    fitted = LogisticRegression(C=1.0).fit(scores[:, None], labels)
    return Calibration("platt", float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def _checked(labels, probabilities) -> tuple[np.ndarray, np.ndarray]:
    labels = np.asarray(labels, int)
    if len(np.unique(labels)) < 2:
        raise ValueError("Calibration: both classes are needed to fit one.")
    return labels, logits(probabilities)
