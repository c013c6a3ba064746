"""Rows to write."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from brain_core.store.records import (
    FailureRow,
    FeedbackRow,
    InputStatistics,
    Kind,
    PredictionRow,
    Source,
    new_id,
)

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def prediction(scan: object = "scan", **values) -> PredictionRow:
    """Of a single slice by default."""
    own = {
        "id": new_id(),
        "at": START,
        "user": "reader@example.org",
        "scan": key(scan),
        "case": key(scan),
        "kind": Kind.SLICE,
        "source": Source.UPLOAD,
        "model": "custom_cnn",
        "version": "2026-01",
        "sha256": key("model"),
        "probability": 0.75,
        "threshold": 0.5,
        "label": "tumor",
        "flags": ("tiny", "coloured"),
        "seconds": 0.25,
        "unlikeness": 0.5,
        "inputs": InputStatistics(640, 480, 42.5, 17.25),
    }
    return PredictionRow(**own | values)


def failure(**values) -> FailureRow:
    own = {"id": new_id(), "at": START, "user": "reader@example.org", "source": Source.UPLOAD, "kind": "ScanError"}
    return FailureRow(**own | values)


def feedback(scan: object = "scan", **values) -> FeedbackRow:
    own = {"id": new_id(), "at": START, "user": "reader@example.org", "case": key(scan)}
    own |= {"finding": "tumor", "basis": "biopsy", "text": ""}
    return FeedbackRow(**own | values)
