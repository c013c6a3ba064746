"""The results of series as CSV and JSON: a row a slice and model, and in JSON the summaries too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from brain_core import __version__
from brain_core.reports.wording import DISCLAIMER, INTENDED_USE, NOT_READ, SOFTWARE

if TYPE_CHECKING:
    from brain_core.scans.series import Identity
    from brain_core.study.result import SeriesResult, Summary

FIELDS = (
    "series",  # from 1, as they were given
    "series_number",
    "slice",  # from 1, in the order of the series
    "position_mm",
    "model",
    "version",
    "probability",
    "threshold",
    "label",
    "flags",
    "counted",  # whether it may enter the summary
    "seconds",
    "error",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet would run such a cell


def rows(result: SeriesResult, *, messages: bool = False) -> list[dict]:
    """One a slice and model, by `FIELDS` from the slice on; None where something is unknown.

    Args:
        messages: whether to give the reader's own messages of slices that could not be read. They may hold a file's
            name, and that a patient's.
    """
    return [
        _row(result, index, summary, messages) for index in range(len(result.series)) for summary in result.summaries
    ]


def to_csv(results: Sequence[SeriesResult], *, messages: bool = False) -> str:
    """The `rows` of all series, flags joined by ``;``, texts that a spreadsheet would take for a formula quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
    writer.writeheader()
    for place, result in enumerate(results, start=1):
        for row in rows(result, messages=messages):
            cells = {"series": place, "series_number": result.series.number, **row, "flags": ";".join(row["flags"])}
            writer.writerow({key: harmless(cell) if isinstance(cell, str) else cell for key, cell in cells.items()})
    return text.getvalue()


def to_json(
    results: Sequence[tuple[str | None, SeriesResult]], *, made: datetime, identity: Identity | None = None
) -> str:
    """All that is known of series, one JSON object.

    Args:
        results: each with the pseudonym of its patient, None where there is none.
        made: when, with its time zone.
        identity: of the one patient of all of them. Given, the document names the patient, and the series by their
            descriptions, which may do so too; both are left out else.
    """
    document = {
        "software": {"name": SOFTWARE, "version": __version__},
        "made": made.isoformat(timespec="seconds"),
        "disclaimer": DISCLAIMER,
        "intended_use": INTENDED_USE,
        **({"patient": asdict(identity)} if identity else {}),
        "series": [_result(pseudonym, result, identity is not None) for pseudonym, result in results],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def harmless(text: str) -> str:
    """The text as a spreadsheet shows it and does not run it."""
    return "'" + text if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _row(result: SeriesResult, index: int, summary: Summary, messages: bool) -> dict:
    prediction = result.predictions[summary.model][index]
    error = result.errors.get(index)
    return {
        "slice": index + 1,
        "position_mm": result.series.slices[index].position,
        "model": summary.model,
        "version": summary.version,
        "probability": prediction.probability if prediction else None,
        "threshold": summary.operating_point.threshold,
        "label": prediction.label if prediction and prediction.assessed else None,
        "flags": list(prediction.flags) if prediction else [],
        "counted": prediction is not None and index not in result.flagged,
        "seconds": round(prediction.seconds, 4) if prediction else None,
        "error": error if messages or error is None else NOT_READ,
    }


def _result(pseudonym: str | None, result: SeriesResult, described: bool) -> dict:
    series = result.series
    return {
        "pseudonym": pseudonym,
        "number": series.number,
        **({"description": series.description} if described else {}),
        "modality": series.modality,
        "plane": series.plane,
        "role": series.role,
        "source": series.source,
        "gap_mm": series.gap,
        "notes": list(series.notes),
        "counts": {"slices": len(series), "flagged": len(result.flagged), "unreadable": len(result.errors)},
        "caveat": result.caveat,
        "summaries": [_summary(summary) for summary in result.summaries],
        "slices": rows(result, messages=described),
    }


def _summary(summary: Summary) -> dict:
    point = summary.operating_point
    return {
        "model": summary.model,
        "version": summary.version,
        "probability": summary.value,
        "label": summary.label,
        "threshold": point.threshold,
        "operating_point": point.source,
        "slices": [index + 1 for index in summary.slices],
        "method": summary.method,
    }
