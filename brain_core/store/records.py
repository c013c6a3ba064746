"""The rows of the prediction store as dataclasses: no patient data, no pixels, no file names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from brain_core.scans.statistics import InputStatistics


class Source(StrEnum):
    """Where an input came from; samples are left out of the monitor."""

    UPLOAD = "upload"
    ARCHIVE = "archive"
    WATCH = "watch"
    COMMAND = "command line"
    SAMPLE = "sample"


class Kind(StrEnum):
    """What a prediction is of."""

    SLICE = "slice"
    SERIES = "series"


FINDINGS = ("tumor", "no tumor", "unsure")
BASES = ("biopsy", "follow-up", "second reader", "own read")  # what a confirmation rests on


def new_id() -> str:
    """Of a row, made before it is written: writing it twice changes nothing."""
    return uuid.uuid4().hex


def now() -> datetime:
    """UTC, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class PredictionRow:
    """One model's answer to one input.

    Attributes:
        id: see `new_id`.
        at: UTC.
        user: see `brain_core.access.User.name`.
        scan: 64 hexadecimal digits, a keyed hash of the slice (of the series for a summary).
        case: what a reader gives feedback on: ``scan`` for single slices, the series' for all of its rows.
        kind: a slice, or a series' summary.
        source: where it came from.
        model, version, sha256: which model.
        probability: 0..1; of a series, its summary's value. None where nothing was assessed.
        threshold: in use at the time.
        label: ``"tumor"`` or ``"no tumor"``; None without a probability.
        flags: codes, see `brain_core.inference.FLAG_DESCRIPTIONS`.
        seconds: that the model took.
        unlikeness: to the training data, 1 and more is unlike; None where not computed.
        inputs: of slices.
        opinion: the reader's first, a code of `FINDINGS`; None where none was asked (yet).
        opinion_blind: whether it was given before any result was on screen.
    """

    id: str
    at: datetime
    user: str
    scan: str
    case: str
    kind: Kind
    source: Source
    model: str
    version: str
    sha256: str
    probability: float | None
    threshold: float
    label: str | None
    flags: tuple[str, ...]
    seconds: float
    unlikeness: float | None = None
    inputs: InputStatistics | None = None
    opinion: str | None = None
    opinion_blind: bool | None = None


@dataclass(frozen=True)
class FailureRow:
    """An input that could not be scored: never why in words, since those may name a file.

    Attributes:
        kind: the error's class, such as ``"ScanError"``.
    """

    id: str
    at: datetime
    user: str
    source: Source
    kind: str


@dataclass(frozen=True)
class FeedbackRow:
    """What a reader says of a case, and on what basis; never changed, a later one of the same reader counts instead.

    Attributes:
        finding: one of `FINDINGS`.
        basis: one of `BASES`.
        text: free, one paragraph; may be empty. To be escaped.
    """

    id: str
    at: datetime
    user: str
    case: str
    finding: str
    basis: str
    text: str = ""
