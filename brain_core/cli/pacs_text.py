"""What ``pacs`` reads from its arguments and writes: days, tables, lines."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.pacs.archive import StudyFound
    from brain_core.pacs.check import Step
    from brain_core.pacs.watch import Handled

MARKS = {True: "ok", False: "failed", None: "-"}


def day(text: str) -> date:
    """A day as DICOM writes it: 20260131."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day like 20260131. Received: {text!r}") from error


def days(text: str) -> tuple[date | None, date | None]:
    """One day, or two with a dash between; either may be left out."""
    first, dash, last = text.partition("-")
    since, until = (day(each) if each else None for each in (first, last if dash else first))
    if since and until and since > until:
        raise argparse.ArgumentTypeError(f"expected the earlier day first. Received: {text!r}")
    return since, until


def seconds(text: str) -> float:
    """Up to a day."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"expected seconds, 0 to 86400. Received: {text!r}")
    return value


def row(study: StudyFound, identity: bool) -> dict:
    """A study for JSON and for the table; who the patient is only where asked for."""
    shown = {
        "date": study.study_date.isoformat() if study.study_date else None,
        "description": study.description,
        "modalities": list(study.modalities),
        "series": study.series,
        "instances": study.instances,
        "study": study.uid,
    }
    return shown | ({"patient_name": study.patient_name, "patient_id": study.patient_id} if identity else {})


def table(rows: list[dict]) -> str:
    """Columns under their names."""
    if not rows:
        return "No such study.\n"
    cells = [list(rows[0])] + [
        [" ".join(each) if isinstance(each, list) else "" if each is None else str(each) for each in row.values()]
        for row in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines) + "\n"


def as_json(value: object) -> str:
    """Indented, in UTF-8."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def scored(told: dict, store: bool) -> str:
    """What ``score`` says."""
    summary = told["summary"] if isinstance(told["summary"], str) else json.dumps(told["summary"], ensure_ascii=False)
    lines = [summary, *told["files"]]
    if store:
        lines.append(f"{told['stored']} objects stored, {told['held']} there before")
    return "\n".join([*lines, f"{told['seconds']:.1f} s"]) + "\n"


def handled(study: Handled, form: str) -> str:
    """A study in a line; in JSON too, as a watch may have no end."""
    if form == "json":
        return json.dumps(asdict(study), ensure_ascii=False) + "\n"
    return f"{study.name}  {study.outcome}  {study.seconds:.1f} s\n"


def step(one: Step) -> str:
    """A step of the connection test in a line."""
    return f"{one.name:10}  {MARKS[one.ok]:6}  {one.seconds:6.2f} s  {one.detail}\n"
