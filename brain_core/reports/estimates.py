"""Which stored figures the documents show, and how."""

from __future__ import annotations

from brain_core.figures import NAMES
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics

FIGURES = (
    ("ROC-AUC", "roc_auc"),
    ("accuracy", "accuracy"),
    ("balanced accuracy", "balanced_accuracy"),
    ("sensitivity", "recall"),
    ("specificity", "specificity"),
    ("precision", "precision"),
    ("F1", "f1"),
    ("sensitivity at specificity 0.85", "sensitivity_at_85"),
    ("Brier", "brier"),
    ("ECE", "ece"),
)
WITHOUT_INTERVAL = ("brier", "ece")  # a cross-validation stores none
RULE = "balanced_accuracy"  # whose thresholds the figures of a cross-validation are shown at


def read_figures(record: dict) -> Metrics:
    """Figures as JSON, all of which can be shown.

    Raises:
        ValueError: one cannot.
    """
    found = Metrics.from_json(record)
    try:
        for name in NAMES:
            found.shown(name).text()
    except TypeError as error:
        raise ValueError(f"Metrics: expected numbers. Received: {error}.") from error
    return found


def cell(found: Metrics, name: str) -> str:
    """A figure in a table, with its interval or the reason why it was not computed."""
    estimate = found.shown(name)
    if name in WITHOUT_INTERVAL and estimate.value is not None:
        return f"{estimate.value:.3f}"
    return estimate.text()


def has_no_width(estimate: Estimate) -> bool:
    """Whether it is 0 or 100 % with a bootstrap interval of that alone: no draw differs, which is no certainty."""
    return estimate.value in (0, 1) and estimate.low == estimate.high == estimate.value
