"""An archive's answers as plain values; what is missing or nonsense is None or empty, never an error."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING

from brain_core.pacs.archive import Query, SeriesFound, StudyFound, is_uid
from brain_core.quiet import quiet

if TYPE_CHECKING:
    from pydicom import Dataset

STUDY_FIELDS = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyDescription",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
    "PatientName",
    "PatientID",
)
SERIES_FIELDS = (
    "SeriesInstanceUID",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "SeriesNumber",
    "NumberOfSeriesRelatedInstances",
)
_UID = re.compile(r"\d+(?:\.\d+){3,}(?:\.dcm)?")
LIBRARIES = ("pydicom", "pynetdicom", "dicomweb_client", "urllib3", "retrying")


def silence() -> None:
    """Keep the libraries' logs shut: they quote values and addresses, which may name a patient."""
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def without_uids(message: str) -> str:
    """A message fit for a log: what an archive or a file says may hold its UIDs."""
    return _UID.sub("(UID)", message)


def from_json(answer: object) -> Dataset:
    """A data set in DICOM JSON, without those of its elements that make no sense.

    Raises:
        ValueError: it is no such thing at all.
    """
    from pydicom import Dataset

    if not isinstance(answer, dict):
        raise ValueError("expected an object")
    ds = Dataset()
    for tag, element in answer.items():
        with suppress(ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
            ds.update(Dataset.from_json({tag: element}))
    return ds


def study_found(ds: Dataset) -> StudyFound | None:
    """A study-level answer; None where it has no valid UID."""
    uid = text(ds, "StudyInstanceUID")
    if not is_uid(uid):
        return None
    return StudyFound(
        uid,
        _day(text(ds, "StudyDate")),
        text(ds, "StudyDescription"),
        tuple(filter(None, text(ds, "ModalitiesInStudy").split("\\"))),
        _count(text(ds, "NumberOfStudyRelatedSeries")),
        _count(text(ds, "NumberOfStudyRelatedInstances")),
        text(ds, "PatientName"),
        text(ds, "PatientID"),
    )


def series_found(ds: Dataset) -> SeriesFound | None:
    """A series-level answer; None where it has no valid UID."""
    uid = text(ds, "SeriesInstanceUID")
    if not is_uid(uid):
        return None
    return SeriesFound(
        uid,
        text(ds, "Modality"),
        text(ds, "SeriesDescription"),
        text(ds, "BodyPartExamined"),
        _count(text(ds, "SeriesNumber")),
        _count(text(ds, "NumberOfSeriesRelatedInstances")),
    )


def matches(study: StudyFound, query: Query) -> bool:
    """Whether a study is what was asked for: an archive may pass over a key that it does not know."""
    if study.modalities and query.modality not in study.modalities:
        return False
    if query.patient_id is not None and study.patient_id and study.patient_id != query.patient_id.strip():
        return False
    if study.study_date is None:
        return True
    return (query.since or date.min) <= study.study_date <= (query.until or date.max)


def date_range(query: Query) -> str:
    """As DICOM writes it, empty for no bound."""
    if query.since is None and query.until is None:
        return ""
    return "-".join(each.strftime("%Y%m%d") if each else "" for each in (query.since, query.until))


def text(ds: Dataset, keyword: str) -> str:
    """A value as one line of printable text; several are parted by a backslash."""
    with quiet():  # of archives that do not keep to the standard; nobody here can mend them
        try:
            value = ds.get(keyword)
        except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
            return ""
        if value is None:
            return ""
        many = not isinstance(value, str) and hasattr(value, "__iter__") and keyword != "PatientName"
        whole = "\\".join(map(str, value)) if many else str(value)
    return "".join(each if each.isprintable() else " " for each in whole).strip()


def _count(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def _day(value: str) -> date | None:
    try:
        return datetime.strptime(value.replace("-", "").replace(".", ""), "%Y%m%d").date()
    except ValueError:
        return None
