"""Many scans in a table; selecting a row opens its scan."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.ui import intake, notice, verdict
from brain_core.ui.cases import Case
from brain_core.ui.models import Loading
from brain_core.ui.reader import CHOICES

ROW_HEIGHT = 56  # pixels; a thumbnail can be recognised
ROWS_SHOWN = 8  # before the table scrolls


def show(cases: list[Case], models: list[Loading]) -> Case | None:
    """The table; returns the case that is open."""
    unread = sum(case.hidden for case in cases)
    order = "in the order given, until you have read all" if unread else "most suspicious first"
    st.subheader(f"Worklist: {len(cases)} scans, {order}", anchor=False)
    _failed(cases)
    table = frame(cases, models)
    # The selection is a row's number, so it belongs to this order of the rows and to no other.
    key = f"detect_worklist_{hash(tuple(case.entry.id for case in cases)) & 0xFFFFFF:x}"
    event = st.dataframe(
        table,
        key=key,
        hide_index=True,
        width="stretch",
        height=min(len(cases), ROWS_SHOWN) * ROW_HEIGHT + 40,
        row_height=ROW_HEIGHT,
        column_config=_columns(table, models),
        on_select="rerun",
        selection_mode="single-row",
    )
    rows = event.selection.rows
    if rows and rows[0] < len(cases):
        st.session_state[intake.OPENED] = cases[rows[0]].entry.id
    return _opened(cases)


def frame(cases: list[Case], models: list[Loading]) -> pd.DataFrame:
    """One row a case; what is hidden or was not scored is left blank."""
    rows = []
    for case in cases:
        row = {"Scan": case.thumbnail or "", "Name": case.entry.name}
        found = {} if case.hidden else {p.model: p for p in case.scored.predictions}
        for model in models:
            prediction = found.get(model.name)
            row[model.title] = prediction.probability if prediction else None
            row[f"{model.title}: label"] = verdict.text(prediction) if prediction else ""
        row["Your read"] = CHOICES[case.opinion.label] if case.opinion else ("to read" if case.hidden else "")
        row["Flags"] = "" if case.hidden else ", ".join(case.flags)
        row["Error"] = case.scored.error or ("" if case.done else "not scored: cancelled")
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.drop(columns=[c for c in ("Your read", "Error", "Flags") if not table[c].fillna("").any()])


def _columns(table: pd.DataFrame, models: list[Loading]) -> dict:
    config = {
        "Scan": st.column_config.ImageColumn(width=70),
        "Name": st.column_config.TextColumn(width="medium"),
        "Flags": st.column_config.TextColumn(help="What is unusual about the picture; opened scans explain it."),
        "Error": st.column_config.TextColumn(width="large"),
    }
    for model in models:
        config[model.title] = st.column_config.ProgressColumn(
            help=f"Probability of a tumour, 0 to 1; {model.title} {model.card.version}, "
            f"threshold {model.card.operating_point.threshold:.3f}",
            min_value=0,
            max_value=1,
            format="%.3f",
            color="gray",
        )
    return {name: column for name, column in config.items() if name in table}


def _failed(cases: list[Case]) -> None:
    failed = [case.scored.error for case in cases if case.scored.error]
    if failed:
        count = "1 file" if len(failed) == 1 else f"{len(failed)} files"
        notice.show("error", f"{count} could not be assessed; the others were not held up.", *failed[:5])


def _opened(cases: list[Case]) -> Case | None:
    wanted = st.session_state.get(intake.OPENED)
    return next((case for case in cases if case.entry.id == wanted), None)
