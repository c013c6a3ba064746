"""Dataclasses to rows of the tables and back."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Row

from brain_core.store.records import FailureRow, FeedbackRow, InputStatistics, Kind, PredictionRow, Source
from brain_core.store.texts import tidy

INPUTS = tuple(field.name for field in fields(InputStatistics))
OWN = tuple(field.name for field in fields(PredictionRow) if field.name not in ("inputs", "flags"))
LONGEST = 300  # characters of a user's name, as in the audit log


def from_prediction(row: PredictionRow) -> dict:
    values = {name: getattr(row, name) for name in OWN} | {"flags": " ".join(row.flags)}
    values |= asdict(row.inputs) if row.inputs else dict.fromkeys(INPUTS)
    return values | {"user": tidy(row.user, LONGEST), "kind": row.kind.value, "source": row.source.value}


def to_prediction(row: Row) -> PredictionRow:
    values = dict(zip(row._fields, row, strict=True))  # twice as fast as its own _asdict
    inputs = {name: values.pop(name) for name in INPUTS}
    values |= {"kind": Kind(row.kind), "source": Source(row.source), "flags": tuple(row.flags.split())}
    return PredictionRow(**values, inputs=None if inputs["width"] is None else InputStatistics(**inputs))


def from_failure(row: FailureRow) -> dict:
    return asdict(row) | {"user": tidy(row.user, LONGEST), "source": row.source.value}


def to_failure(row: Row) -> FailureRow:
    return FailureRow(**row._asdict() | {"source": Source(row.source)})


def from_feedback(row: FeedbackRow) -> dict:
    return asdict(row) | {"user": tidy(row.user, LONGEST)}


def to_feedback(row: Row) -> FeedbackRow:
    return FeedbackRow(**row._asdict())
