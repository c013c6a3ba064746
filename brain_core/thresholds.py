"""Operating points: rules that choose a threshold on validation data; never on test data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

DEFAULT = 0.5
DEFAULT_RULE = "default"
HIGH_SENSITIVITY = 0.95
SLACK = 1e-12  # of rounding between shares that are equal


def candidates(probabilities) -> np.ndarray:
    """Every threshold that tells apart other scans: 0, the midpoints between neighbouring scores, 1. Ascending."""
    scores = np.unique(np.asarray(probabilities, float))
    return np.concatenate([[0.0], (scores[1:] + scores[:-1]) / 2, [1.0]])


def expected_cost(sensitivity, specificity, *, ratio: float, prevalence: float):
    """Cost a patient in units of a false alarm, where a miss costs ``ratio`` of them; ``prevalence`` in 0..1."""
    return ratio * prevalence * (1 - sensitivity) + (1 - prevalence) * (1 - specificity)


@dataclass(frozen=True, eq=False)
class Rates:
    """Sensitivity and specificity at every candidate threshold, ascending; float64 (T,) each.

    Attributes:
        share: of the scans, with a tumour.
    """

    thresholds: np.ndarray
    sensitivity: np.ndarray
    specificity: np.ndarray
    share: float

    @classmethod
    def of(cls, labels, probabilities) -> Rates:
        """Of (N,) labels 0 or 1 and probabilities in 0..1, those that are missing (NaN) left out.

        Raises:
            ValueError: only one class is present.
        """
        labels, probabilities = np.asarray(labels), np.asarray(probabilities, float)
        labels, probabilities = labels[~np.isnan(probabilities)], probabilities[~np.isnan(probabilities)]
        if len(np.unique(labels)) < 2:
            raise ValueError("Thresholds: both classes are needed to fit one.")
        thresholds = candidates(probabilities)
        tumour, other = (np.sort(probabilities[labels == label]) for label in (1, 0))
        below = (np.searchsorted(scores, thresholds, side="left") / len(scores) for scores in (tumour, other))
        return cls(thresholds, 1 - next(below), next(below), len(tumour) / len(labels))

    def best_balanced_accuracy(self) -> float:
        return self._nearest(self.sensitivity + self.specificity)

    def sensitivity_at_least(self, wanted: float) -> float:
        return float(self.thresholds[self.sensitivity >= wanted - SLACK].max())

    def specificity_at_least(self, wanted: float) -> float:
        reached = self.thresholds[self.specificity >= wanted - SLACK]
        if not len(reached):
            raise ValueError(
                f"Thresholds: no threshold up to 1 has a specificity of at least {wanted:g}; "
                f"the highest is {self.specificity.max():.3f}."
            )
        return float(reached.min())

    def lowest_cost(self, ratio: float, prevalence: float | None = None) -> float:
        if not ratio > 0:
            raise ValueError(f"Thresholds: expected a cost ratio above 0. Received: {ratio}.")
        prevalence = self.share if prevalence is None else prevalence
        return self._nearest(-expected_cost(self.sensitivity, self.specificity, ratio=ratio, prevalence=prevalence))

    def _nearest(self, gain: np.ndarray) -> float:
        """The threshold of the highest gain; of equals the one nearest to `DEFAULT`."""
        best = self.thresholds[gain >= gain.max() - 2 * SLACK]
        return float(best[np.argmin(np.abs(best - DEFAULT))])


def best_balanced_accuracy(labels, probabilities) -> float:
    """The threshold with the highest mean of sensitivity and specificity; of equals the one nearest to 0.5.

    Youden's index J = sensitivity + specificity - 1 has its maximum at the same threshold.

    Raises:
        ValueError: only one class is present.
    """
    return Rates.of(labels, probabilities).best_balanced_accuracy()


def sensitivity_at_least(labels, probabilities, wanted: float) -> float:
    """The highest threshold whose sensitivity is at least ``wanted`` (0..1).

    Raises:
        ValueError: only one class is present.
    """
    return Rates.of(labels, probabilities).sensitivity_at_least(wanted)


def specificity_at_least(labels, probabilities, wanted: float) -> float:
    """The lowest threshold whose specificity is at least ``wanted`` (0..1).

    Raises:
        ValueError: only one class is present, or so many scans without a tumour score 1 that none reaches it.
    """
    return Rates.of(labels, probabilities).specificity_at_least(wanted)


def lowest_cost(labels, probabilities, ratio: float, prevalence: float | None = None) -> float:
    """The threshold of the lowest `expected_cost`; of equals the one nearest to 0.5.

    Args:
        ratio: cost of a miss in units of a false alarm, above 0.
        prevalence: 0..1; None takes the share of the scans that have a tumour.

    Raises:
        ValueError: only one class is present, or the ratio is not above 0.
    """
    return Rates.of(labels, probabilities).lowest_cost(ratio, prevalence)


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
