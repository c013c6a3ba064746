"""Operating points: rules that choose a threshold on validation data; never on test data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DEFAULT = 0.5
DEFAULT_RULE = "default"
HIGH_SENSITIVITY = 0.95


def candidates(probabilities) -> np.ndarray:
    """Every threshold that tells apart other scans: 0, the midpoints between neighbouring scores, 1. Ascending."""
    scores = np.unique(np.asarray(probabilities, float))
    return np.concatenate([[0.0], (scores[1:] + scores[:-1]) / 2, [1.0]])


def best_balanced_accuracy(labels, probabilities) -> float:
    """The threshold with the highest mean of sensitivity and specificity; of equals the one nearest to 0.5.

    Youden's index J = sensitivity + specificity - 1 has its maximum at the same threshold.

    Raises:
        ValueError: only one class is present.
    """
    thresholds, sensitivity, specificity = _rates(labels, probabilities)
    balanced = (sensitivity + specificity) / 2
    best = thresholds[balanced >= balanced.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - DEFAULT))])


def sensitivity_at_least(labels, probabilities, wanted: float) -> float:
    """The highest threshold whose sensitivity is at least ``wanted`` (0..1).

    Raises:
        ValueError: only one class is present.
    """
    thresholds, sensitivity, _ = _rates(labels, probabilities)
    return float(thresholds[sensitivity >= wanted - 1e-12].max())


def _rates(labels, probabilities) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, float)
    if len(np.unique(labels)) < 2:
        raise ValueError("Thresholds: both classes are needed to fit one.")
    thresholds = candidates(probabilities)
    positive = probabilities[labels == 1][:, None] >= thresholds
    negative = probabilities[labels == 0][:, None] < thresholds
    return thresholds, positive.mean(axis=0), negative.mean(axis=0)


# The rules whose thresholds are stored with a model, by name.
RULES: dict[str, Callable] = {
    DEFAULT_RULE: lambda labels, probabilities: DEFAULT,
    "balanced_accuracy": best_balanced_accuracy,
    "youden": best_balanced_accuracy,  # the same maximum, see there
    "sensitivity_95": lambda labels, probabilities: sensitivity_at_least(labels, probabilities, HIGH_SENSITIVITY),
}
IN_WORDS = {
    DEFAULT_RULE: "default",
    "balanced_accuracy": "best balanced accuracy",
    "youden": "Youden's index",
    "sensitivity_95": f"sensitivity at least {HIGH_SENSITIVITY}",
}
