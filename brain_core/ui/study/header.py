"""What is open: under a pseudonym, and with the patient's data only for as long as a switch is on."""

from __future__ import annotations

import streamlit as st

from brain_core.scans.series import DERIVED, LOCALIZER, Series, Study
from brain_core.ui import notice
from brain_core.ui.markup import esc
from brain_core.ui.study import arrivals

UNTRAINED = "the models were not trained on such pictures, so what they say of it means little."
UNKNOWN = {
    LOCALIZER: f"This is a localiser: {UNTRAINED}",
    DERIVED: f"This series was computed from others: {UNTRAINED}",
}
IDENTITY = (
    ("name", "Name"),
    ("patient_id", "Patient ID"),
    ("birth_date", "Born"),
    ("sex", "Sex"),
    ("study_date", "Study date"),
    ("study_description", "Study"),
    ("accession_number", "Accession number"),
)


def show(study: Study, series: Series) -> None:
    """Pseudonym, series, facts, notes; the switch where the format holds an identity."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(
            f'<div class="brain-name" role="heading" aria-level="2">{esc(series.title)} '
            f'<span class="brain-tag">{esc(study.pseudonym)}</span></div>',
            width="content",
        )
        shown = study.identity is not None and st.toggle(
            "Show who the patient is",
            key=f"study_identity_{_arrival()}_{study.key[:12]}",
            help="For you, on this page. It is read from the files for as long as the switch is on, and kept nowhere.",
        )
    if shown:
        _identity(study)
    lines = [facts(series), *study.notes, *series.notes]
    st.html('<div class="brain-quiet">' + "".join(f"<div>{esc(line)}</div>" for line in lines) + "</div>")
    if series.role in UNKNOWN:
        notice.show("warning", UNKNOWN[series.role])


def facts(series: Series) -> str:
    """Count, plane, size and distances in a line."""
    first = series.slices[len(series) // 2]
    count = "1 slice" if len(series) == 1 else f"{len(series)} slices"
    parts = [f"{count}, {series.plane}" if series.plane else count, f"{first.width} × {first.height} pixels"]
    if series.spacing:
        parts.append(f"{series.spacing[1]:.3g} × {series.spacing[0]:.3g} mm a pixel")
    if series.gap and len(series) > 1:
        parts.append(f"{series.gap:.3g} mm from slice to slice")
    return " · ".join([*parts, f"{series.modality}, {series.source}" if series.modality else series.source])


def _identity(study: Study) -> None:
    known = study.identity()
    rows = [(title, getattr(known, name)) for name, title in IDENTITY]
    cells = "".join(f"<div><dt>{title}</dt><dd>{esc(value)}</dd></div>" for title, value in rows if value)
    st.html(f'<dl class="brain-identity" aria-label="The patient">{cells}</dl>')


def _arrival() -> str:
    """Of the uploads that the study came with: the switch is off again when others come."""
    kept = st.session_state.get(arrivals.KEY)
    return f"{hash(kept.ids) & 0xFFFFFF:x}" if kept else ""
