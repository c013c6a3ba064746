"""Stored figures in words: which there are, and each with its interval or why it was not computed."""

from __future__ import annotations

FIGURES = (
    ("ROC-AUC", "roc_auc"),
    ("accuracy", "accuracy"),
    ("balanced accuracy", "balanced_accuracy"),
    ("sensitivity", "recall"),
    ("specificity", "specificity"),
    ("precision", "precision"),
    ("F1", "f1"),
    ("sensitivity at specificity 0.85", "sensitivity_at_85"),
)
ONE_CLASS = "only one class is present"
# What a figure's denominator lacks where it is None.
REASONS = {
    "roc_auc": ONE_CLASS,
    "accuracy": "no scan",
    "balanced_accuracy": ONE_CLASS,
    "recall": "no scan with a tumour",
    "specificity": "no scan without a tumour",
    "precision": "no scan reaches the threshold",
    "f1": "no tumour, and no scan reaches the threshold",
    "sensitivity_at_85": ONE_CLASS,
}


def shown(estimate: dict, *, signed: bool = False) -> str:
    """'0.847 (0.679 to 0.965)' of an estimate as JSON: 95 % interval, ``reason`` where there is no value."""
    if estimate["value"] is None:
        reason = estimate.get("reason")
        return f"not computed: {reason}" if reason else "not computed"
    sign = "+" if signed else ""
    value = f"{estimate['value']:{sign}.3f}"
    if estimate["low"] is None:
        return f"{value} (interval not computed)"
    return f"{value} ({estimate['low']:{sign}.3f} to {estimate['high']:{sign}.3f})"


def with_reason(name: str, estimate: dict) -> dict:
    """The estimate as JSON, with ``reason`` where it has no value."""
    return estimate if estimate["value"] is not None else estimate | {"reason": REASONS[name]}
