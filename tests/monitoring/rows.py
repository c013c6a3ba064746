"""Rows to look at, each with what a test cares about."""

from __future__ import annotations

from datetime import UTC, datetime

from brain_core.monitoring.columns import Columns
from brain_core.store.records import FeedbackRow, Kind, PredictionRow, new_id
from tests.store import sample_rows

CNN, RESNET = "custom_cnn", "resnet50"


def at(text: str) -> datetime:
    """ISO 8601 in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(scan: object = None, probability: float | None = 0.75, **values) -> PredictionRow:
    """Of a single slice of its own, unflagged; its label follows from the probability."""
    threshold = values.get("threshold", 0.5)
    label = None if probability is None else "tumor" if probability >= threshold else "no tumor"
    own = {"flags": (), "label": label, "probability": probability}
    return sample_rows.prediction(new_id() if scan is None else scan, **own | values)


def series(name: object, slices: int, summary: float | None = 0.75, **values) -> list[PredictionRow]:
    """A summary and its slices; ``values`` may hold callables of the slice's number."""
    case = sample_rows.key(name)
    rows = [row(f"{name}-summary", summary, case=case, kind=Kind.SERIES, inputs=None, unlikeness=None)]
    for i in range(slices):
        own = {key: value(i) if callable(value) else value for key, value in values.items()}
        rows.append(row(f"{name}-{i}", case=case, **own))
    return rows


def feedback(scan: object, finding: str = "tumor", basis: str = "biopsy", **values) -> FeedbackRow:
    return sample_rows.feedback(scan, finding=finding, basis=basis, **values)


def columns(*rows: PredictionRow) -> Columns:
    return Columns.of(rows)
