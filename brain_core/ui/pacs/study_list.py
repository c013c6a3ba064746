"""The studies that were found, in a table; who the patients are only for as long as a switch is on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.ui import notice
from brain_core.ui.markup import esc
from brain_core.ui.pacs.search import Found, Listed

IDENTITY = "pacs_identity"  # the switch; Streamlit forgets it as soon as another page is opened
ROW, HEADER = 36, 38  # pixels
ROWS_SHOWN = 10  # before the table scrolls
# Without the table's own tools: one of them would save the patients' names to a file.
STYLE = """
<style>[class*=st-key-pacs_studies] [data-testid=stElementToolbar] {display: none}</style>
"""


def show(found: Found) -> Listed | None:
    """The table; returns the study that is selected."""
    if not found.studies:
        notice.show("info", "No such study: widen the dates, or leave the words empty for every MR study.")
        return None
    count = len(found.studies)
    head = f"The first {count}; there are more" if found.more else "1 study" if count == 1 else f"{count} studies"
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<div class="brain-quiet" role="status">{head}. Select a row to open it.</div>', width="content")
        named = st.toggle("Show patients", key=IDENTITY, help="Names and IDs, on this page alone.")
    event = st.dataframe(
        table(found, named=named),
        key=f"pacs_studies_{id(found) & 0xFFFFFF:x}",  # the selection is a row's number: of this search alone
        hide_index=True,
        width="stretch",
        height=min(count, ROWS_SHOWN) * ROW + HEADER,
        row_height=ROW,
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns(),
    )
    rows = [row for row in event.selection.rows if row < count]
    return found.studies[rows[0]] if rows else None


def columns() -> dict[str, object]:
    """How the columns of `table` are shown, by name; those that are not named here as their values ask for."""
    return {
        "Date": st.column_config.DateColumn(format="YYYY-MM-DD", width="small"),
        "Description": st.column_config.TextColumn(width="large"),
        "Modalities": st.column_config.TextColumn(width="small"),
        "Series": st.column_config.NumberColumn(width="small"),
        "Objects": st.column_config.NumberColumn(width="small", help="All that the study holds, as the archive says."),
        "Study": st.column_config.TextColumn(help="A pseudonym, the same in the log of the watcher."),
    }


def table(found: Found, *, named: bool) -> pd.DataFrame:
    """One row a study; patients only if ``named``."""
    rows = []
    for listed in found.studies:
        study = listed.study
        row = {"Date": study.study_date, "Description": study.description}
        if named:
            row |= {"Patient": study.patient_name, "Patient ID": study.patient_id}
        row |= {"Modalities": ", ".join(study.modalities), "Series": study.series, "Objects": study.instances}
        rows.append(row | {"Study": listed.name})
    return pd.DataFrame(rows)


def heading(listed: Listed) -> None:
    """What is selected."""
    study, named = listed.study, bool(st.session_state.get(IDENTITY))
    parts = [
        study.study_date.isoformat() if study.study_date else "no date",
        ", ".join(study.modalities) or "no modality",
        "" if study.series is None else f"{study.series} series",
        "" if study.instances is None else f"{study.instances} objects",
    ]
    st.html(
        f'<div class="brain-name" role="heading" aria-level="3">{esc(study.description or "No description")} '
        f'<span class="brain-tag">{esc(listed.name)}</span></div>'
        f'<div class="brain-quiet">{esc(" · ".join(filter(None, parts)))}</div>'
    )
    if named:
        cells = (("Name", study.patient_name), ("Patient ID", study.patient_id))
        rows = "".join(f"<div><dt>{title}</dt><dd>{esc(value or 'none')}</dd></div>" for title, value in cells)
        st.html(f'<dl class="brain-identity" aria-label="The patient">{rows}</dl>')
