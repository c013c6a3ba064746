"""Every figure of the models in service, and of what they are held against, as JSON."""

from __future__ import annotations

from brain_core.evaluation.stored_results import StoredResult
from brain_core.metrics import Metrics
from brain_core.models import MODELS
from brain_core.operating import OperatingCurve
from brain_core.registry import ModelCard
from brain_core.reports.estimates import has_no_width, read_figures
from brain_core.reports.stored import PART_TITLES, NotAvailable, Stored

ABOUT = ("version", "sha256", "created", "parameters", "software", "operating_point", "thresholds", "calibration")
RECORD = ("created", "protocol", "data", "robustness")
# Figures that are a share of scans, as `metrics.Metrics` and as `operating.Point` call them.
PROPORTIONS = {
    "accuracy": "accuracy",
    "recall": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
}


def summary(stored: Stored, command: str) -> dict:
    """Models, their parts of the split, cross-validation with its baselines; ``reason`` where there is none.

    Args:
        command: what makes this document.
    """
    return {
        "command": command,
        "intervals": "95 %, bootstrap over near-duplicate groups",
        "models": {name: _model(stored, name) for name in MODELS},
        "cross_validation": _cross_validation(stored),
    }


def _model(stored: Stored, name: str) -> dict:
    try:
        card = stored.card(name)
    except NotAvailable as error:
        return {"title": MODELS[name].title, "reason": str(error)}
    about = {key: card.metadata[key] for key in ABOUT if card.metadata.get(key) is not None}
    data = {key: card.metadata.get("data", {}).get(key) for key in ("name", "n", "groups", "fingerprint")}
    return {
        "title": card.title,
        **about,
        "data": {key: value for key, value in data.items() if value is not None},
        **{part: _part(stored, card, part) for part in PART_TITLES},
    }


def _part(stored: Stored, card: ModelCard, split: str) -> dict:
    """Computed from the stored predictions, at the operating point in service; else as the figures were stored."""
    try:
        result = stored.part(card.name, split)
    except NotAvailable as error:
        return _as_stored(card, split, str(error))
    found = result.metrics()
    source = "; ".join(("computed from stored predictions", *result.notes))
    return {"source": source, **_explained(found.to_json()), **_wilson(result, found)}


def _as_stored(card: ModelCard, split: str, why: str) -> dict:
    """``why``: the predictions cannot be had."""
    figures = card.metadata.get("metrics", {}).get(split)
    try:
        return {"source": "as stored", "predictions": why, **_explained(figures)} if figures else {"reason": why}
    except ValueError as error:
        return {"reason": f"not computed: {str(error).rstrip('.')}"}


def _wilson(result: StoredResult, found: Metrics) -> dict:
    """By proportion whose bootstrap interval has no width, Wilson's, for the scans that the groups are worth."""
    names = [name for name in PROPORTIONS if has_no_width(found.shown(name))]
    if not names:
        return {}
    point = OperatingCurve.of(result.labels, result.probabilities, result.groups).at(result.thresholds)
    limits = {name: getattr(point, PROPORTIONS[name]) for name in names}
    return {"wilson": {name: {"low": each.low, "high": each.high} for name, each in limits.items()}}


def _cross_validation(stored: Stored) -> dict:
    try:
        rows = stored.cross_validated()
    except NotAvailable as error:
        return {"reason": str(error)}
    about = {key: stored.record[key] for key in RECORD if key in stored.record}
    return about | {"rows": {name: _row(row) for name, row in rows.items()}}


def _row(row: dict) -> dict:
    return row | {"at": {rule: _explained(figures) for rule, figures in row.get("at", {}).items()}}


def _explained(figures: dict) -> dict:
    """As they are, with ``reason`` where one has no value."""
    found = read_figures(figures)
    return {
        name: value | {"reason": found.shown(name).reason}
        if isinstance(value, dict) and value["value"] is None
        else value
        for name, value in figures.items()
    }
