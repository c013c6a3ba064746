"""What is taken away of a series: PDF, CSV, JSON, and DICOM for its archive; made when it is asked for."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.access import Action
from brain_core.errors import BrainError
from brain_core.scans.series import Identity, Series, Study
from brain_core.ui import access
from brain_core.ui.markup import esc
from brain_core.ui.session import Opinion

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult

log = logging.getLogger(__name__)

ARCHIVE, DEIDENTIFIED = "For the archive the study came from", "De-identified"
EXPLAINED = {
    ARCHIVE: "The objects name the patient as the study does, so that the archive files them in it.",
    DEIDENTIFIED: "All attributes but a short list are taken out, and UIDs are replaced by others, always the same.",
}


def show(study: Study, found: SeriesResult, opinion: Opinion | None) -> None:
    """The buttons with their choices, of a series that is scored."""
    if not access.may(Action.EXPORT):
        return
    key = found.series.key[:12]
    st.subheader("Take the result with you", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        named = study.identity is not None and st.checkbox(
            "With the patient's identity",
            key=f"study_named_{key}",
            help="In PDF and JSON, which go by the pseudonym otherwise; the series' description is in them then, too.",
        )
        stem = stem_of(study, found.series)
        for kind, make, mime in (
            ("PDF", partial(pdf, study, found, opinion, named), "application/pdf"),
            ("CSV", partial(csv, found, named), "text/csv"),
            ("JSON", partial(json, study, found, named), "application/json"),
        ):
            _button(kind, make, f"{stem}.{kind.lower()}", mime, key)
    if is_dicom(found.series):
        _dicom(found, stem, key)


def stem_of(study: Study, series: Series) -> str:
    """Of file names: pseudonym and series number, nothing else."""
    from brain_core.study.documents import UniqueStems

    return UniqueStems().of(study, series)


def is_dicom(series: Series) -> bool:
    """Whether the result can go back to the series as DICOM."""
    return series.source == "DICOM" and all(each.header is not None for each in series.slices)


def pdf(study: Study, found: SeriesResult, opinion: Opinion | None, named: bool) -> bytes:
    from brain_core.reports import pdf as report

    read = report.Opinion(opinion.label, opinion.blind) if opinion else None
    return report.of_series(found, report.Heading(_now(), study.pseudonym, _identity(study, named), read))


def csv(found: SeriesResult, named: bool) -> bytes:
    from brain_core.reports import study_records

    return study_records.to_csv([found], messages=named).encode()


def json(study: Study, found: SeriesResult, named: bool) -> bytes:
    from brain_core.reports import study_records

    records = study_records.to_json([(study.pseudonym, found)], made=_now(), identity=_identity(study, named))
    return records.encode()


def dicom(found: SeriesResult, deidentified: bool) -> bytes:
    """A zip of the structured report and, of each model, the overlay of its most suspicious slice."""
    from brain_core.study.documents import archive_objects

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, each in enumerate(archive_objects(found, made=_now(), deidentified=deidentified), 1):
            file = io.BytesIO()
            each.save_as(file, enforce_file_format=True)
            archive.writestr(f"{number}-{each.Modality.lower()}.dcm", file.getvalue())
    return buffer.getvalue()


def _dicom(found: SeriesResult, stem: str, key: str) -> None:
    from brain_core.scans.deidentify import BURNED_IN

    with st.container(horizontal=True, vertical_alignment="bottom"):
        how = st.radio(
            "DICOM: a structured report, and the overlay of each model's most suspicious slice",
            [DEIDENTIFIED, ARCHIVE],
            key=f"study_dicom_for_{key}",
            horizontal=True,
            width="content",
        )
        make = partial(dicom, found, how == DEIDENTIFIED)
        _button("DICOM (zip)", make, f"{stem}-dicom.zip", "application/zip", key)
    st.html(f'<div class="brain-quiet">{esc(EXPLAINED[how])} {esc(BURNED_IN)}</div>')


def _identity(study: Study, named: bool) -> Identity | None:
    return study.identity() if named and study.identity is not None else None


def _now() -> datetime:
    return datetime.now().astimezone()


def _button(label: str, make: Callable[[], bytes], file_name: str, mime: str, key: str) -> None:
    st.download_button(
        label,
        access.exported(partial(_made, make), file_name.rsplit(".", 1)[-1]),
        file_name,
        mime,
        key=f"study_download_{mime}_{key}",
        on_click="ignore",
        icon=":material/download:",
    )


def _made(make: Callable[[], bytes]) -> bytes:
    """What was asked for. Streamlit logs what is raised here with its message, which then names no patient."""
    try:
        return make()
    except BrainError as error:
        raise RuntimeError(f"{type(error).__name__}: the file could not be made") from None
