"""Results to take away: CSV, JSON, the overlays, and of a single scan a report."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import streamlit as st

from brain_core import batch
from brain_core.access import Action
from brain_core.reports.study_records import harmless
from brain_core.ui import access, cases
from brain_core.ui.cases import Case


def show(found: list[Case]) -> None:
    """The buttons; what has to be computed is computed at the click."""
    records = cases.records(found)
    if not records or not access.may(Action.EXPORT):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        _button("CSV", lambda: to_csv(records), "brain-results.csv", "text/csv", "csv")
        _button("JSON", lambda: to_json(records), "brain-results.json", "application/json", "json")
        if any(case.scored.predictions and not case.hidden for case in found):
            _button("Overlays (zip)", lambda: overlays(found), "brain-overlays.zip", "application/zip", "zip")
            if len(found) == 1:
                _report(found[0])
        if hidden := sum(case.hidden for case in found):
            st.caption(f"Without the {hidden} that you have yet to read.")


def to_json(records: list[dict]) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False) + "\n"


def to_csv(records: list[dict]) -> str:
    """One line a record; flags joined by ``;``; a cell that a spreadsheet would take for a formula is quoted."""
    import pandas as pd  # at the click, not with the page

    table = pd.DataFrame([{**r, "flags": ";".join(r.get("flags", ()))} for r in records])
    for column in ("path", "error"):
        if column in table:
            table[column] = table[column].map(harmless, na_action="ignore")
    return table.to_csv(index=False)


def overlays(found: list[Case]) -> bytes:
    """The zip archive of `batch.zip_of_overlays`."""
    return batch.zip_of_overlays(cases.with_scans(found))


def report(case: Case, named: bool) -> bytes:
    """The PDF of one scan.

    Args:
        named: whether the file's name, which may name the patient, stands in it.

    Raises:
        ScanError: the upload is gone.
    """
    from brain_core.reports import pdf

    opinion = pdf.Opinion(case.opinion.label, case.opinion.blind) if case.opinion else None
    heading = pdf.Heading(datetime.now().astimezone(), opinion=opinion)
    name = case.entry.name if named else None
    return pdf.of_scan(case.entry.read(), case.scored.predictions, heading, name=name)


def _report(case: Case) -> None:
    named = st.checkbox(
        "File name in the PDF", key="detect_named", help="It may name the patient, so the report goes without it."
    )
    _button("PDF", lambda: report(case, named), "brain-report.pdf", "application/pdf", "pdf")


def _button(label: str, make: Callable[[], str | bytes], file_name: str, mime: str, name: str) -> None:
    st.download_button(
        label,
        access.exported(make, name),
        file_name,
        mime,
        key=f"detect_download_{name}",
        on_click="ignore",
        icon=":material/download:",
    )
