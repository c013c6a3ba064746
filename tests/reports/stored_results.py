"""Stored results by hand, for tests of what is drawn and written from them."""

from __future__ import annotations

from pathlib import Path

from brain_core import metrics
from brain_core.models import MODELS
from brain_core.registry import ModelCard, OperatingPoint
from brain_core.reports.stored import Stored

# Each scan twice: 14 scans of 13 groups, enough for intervals.
LABELS = [1, 1, 1, 1, 0, 0, 0] * 2
SCORES = {"custom_cnn": [0.9, 0.8, 0.4, 0.6, 0.7, 0.2, 0.1] * 2, "resnet50": [0.9, 0.9, 0.7, 0.6, 0.3, 0.2, 0.5] * 2}
THRESHOLD = 0.5


def rows(scores, labels=LABELS) -> list[dict]:
    """Predictions as they are stored, the first two of one near-duplicate group."""
    pairs = zip(labels, scores, strict=True)
    return [
        {"id": f"{i}.png", "sha256": str(i), "group": max(i, 1), "label": label, "probability": p}
        for i, (label, p) in enumerate(pairs)
    ]


def history(epochs: int, start: float = 1.0) -> list[dict]:
    figures = [(start / (i + 1), i / (i + 1)) for i in range(epochs)]
    return [
        {"loss": x, "accuracy": y, "auc": y, "val_loss": 2 * x, "val_accuracy": y / 2, "val_auc": y / 3}
        for x, y in figures
    ]


def card(name: str, **changes) -> ModelCard:
    """A card whose metadata have every field, but for ``changes``; None takes a field away."""
    metadata = {
        "version": f"test-{name}",
        "sha256": "ab" * 32,
        "parameters": 1234,
        "operating_point": {"threshold": THRESHOLD, "rule": "default", "fitted_on": "nothing"},
        "predictions": {"validation": rows(SCORES[name]), "test": rows(SCORES[name])},
        "history": {"phase 1": history(3), "phase 2": history(2)},
        "data": {"name": "phantoms", "n": 31, "train_sha256": ["a", "b", "c"]},
    } | changes
    metadata = {key: value for key, value in metadata.items() if value is not None}
    model = MODELS[name]
    point = OperatingPoint(**metadata["operating_point"])
    return ModelCard(
        name, metadata["version"], Path(model.file_name), metadata["sha256"], model.preprocessing,
        model.gradcam_layer, point, metadata,
    )  # fmt: skip


def figures(repeats) -> dict:
    """Those of the repeats, but for a ROC-AUC that no scan here gives: it shows where a stored figure is taken."""
    found = metrics.compute_repeated(LABELS, repeats, THRESHOLD)
    return found.to_json() | {"roc_auc": {"value": 0.875, "low": 0.7, "high": 1.0}}


def record(**changes) -> dict:
    """A cross-validation of two repeats, of ResNet50 and one baseline."""
    repeats = {
        "resnet50": (SCORES["resnet50"], SCORES["custom_cnn"]),
        "metadata only": ([0.6, 0.4] * 7, [0.4, 0.6] * 7),
    }
    return {
        "protocol": {"repeats": 2, "folds": 5, "seed": 0},
        "rows": {name: {"at": {"balanced_accuracy": figures(each)}} for name, each in repeats.items()},
        "scans": [
            {
                "group": i,
                "label": label,
                "probability": {name: [first[i], second[i]] for name, (first, second) in repeats.items()},
            }
            for i, label in enumerate(LABELS)
        ],
    } | changes


def stored(*, cross_validation: dict | None = None, **changes) -> Stored:
    """Both models in service; ``changes`` to the metadata of both."""
    return Stored({name: card(name, **changes) for name in MODELS}, {}, cross_validation or {})
