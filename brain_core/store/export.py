"""The store as CSV, safe to be opened in a spreadsheet."""

from __future__ import annotations

import csv
from pathlib import Path

from brain_core import audit
from brain_core.files import replacing
from brain_core.store import feedback, predictions
from brain_core.store.engine import writing
from brain_core.store.problems import told
from brain_core.store.records import FeedbackRow, PredictionRow
from brain_core.store.rows import INPUTS, from_prediction
from brain_core.store.verdict import Verdict, verdict

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would work out (OWASP, CSV injection)
VERDICT = ("confirmed", "finding", "basis", "readers")
COLUMNS = (
    *("id", "at", "user", "scan", "case", "kind", "source", "model", "version", "sha256", "probability", "threshold"),
    *("label", "flags", "seconds", "unlikeness", *INPUTS, "opinion", "opinion_blind"),
    *VERDICT,
)


def to_csv(path: Path, *, user: str, samples: bool = False) -> int:
    """Write every prediction with what readers say of its case, in one step; returns how many.

    Free texts stay in the store. It is recorded in the audit log.

    Raises:
        StoreError: the store cannot be read, or the file not be written.
    """
    rows, verdicts = predictions.read(samples=samples), _verdicts(feedback.every())
    with told("The export cannot be written"), replacing(Path(path)) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_cells(row, verdicts.get(row.case)) for row in rows)
        with writing() as connection:  # no file without its entry
            audit.record_in(connection, audit.Event(audit.actions.EXPORT, user, {"predictions": len(rows)}))
    return len(rows)


def safe(cell: object) -> object:
    """A text that no spreadsheet takes for a formula; numbers as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _cells(row: PredictionRow, found: Verdict | None) -> dict[str, object]:
    values = from_prediction(row) | {"at": row.at.isoformat(timespec="milliseconds")}
    if found:
        values |= {name: getattr(found, name) for name in VERDICT}
    return {name: safe(values.get(name)) for name in COLUMNS}


def _verdicts(rows: list[FeedbackRow]) -> dict[str, Verdict]:
    cases: dict[str, list[FeedbackRow]] = {}
    for row in rows:
        cases.setdefault(row.case, []).append(row)
    return {case: verdict(found) for case, found in cases.items()}
