"""What is written of an assessed series: for people, and for the archive that it came from."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from brain_core.errors import ScanError
from brain_core.scans.series import DICOM

if TYPE_CHECKING:
    from pydicom import Dataset

    from brain_core.scans.series import Identity, Series, Study
    from brain_core.study.result import SeriesResult


class UniqueStems:
    """File names without a suffix, told apart where two series would have the same."""

    def __init__(self):
        self._taken: set[str] = set()

    def of(self, study: Study, series: Series) -> str:
        """``<pseudonym>-series-<number>``, with a count behind it from the second of a name on."""
        first = f"{study.pseudonym}-series" + ("" if series.number is None else f"-{series.number}")
        name, count = first, 1
        while name in self._taken:
            count += 1
            name = f"{first}-{count}"
        self._taken.add(name)
        return name


@dataclass(frozen=True)
class Documents:
    """What is written of assessed series.

    Attributes:
        files: content by name, PDF, CSV, JSON and DICOM objects.
        unanswered: why a DICOM series has no objects, by what its files' names begin with.
    """

    files: dict[str, bytes]
    unanswered: dict[str, str]


def documents(results: Iterable[tuple[Study, SeriesResult]], *, made: datetime, identity: bool = False) -> Documents:
    """Everything of every series; their files have to be there still.

    Args:
        made: when, with its time zone.
        identity: have them name the patient and belong to the study; else they go by the pseudonym, de-identified.
    """
    names, files, unanswered = UniqueStems(), {}, {}
    for study, found in results:
        stem = names.of(study, found.series)
        patient = study.identity() if identity and study.identity else None
        files |= reports_of(study, found, made=made, stem=stem, identity=patient)
        if found.series.source != DICOM:
            continue
        try:
            objects = archive_objects(found, made=made, deidentified=not identity)
        except ScanError as error:  # the other series have theirs
            unanswered[stem] = str(error)
            continue
        files |= {f"{stem}-{number}-{ds.Modality}.dcm": _content(ds) for number, ds in enumerate(objects, 1)}
    return Documents(files, unanswered)


def reports_of(
    study: Study, found: SeriesResult, *, made: datetime, stem: str, identity: Identity | None = None
) -> dict[str, bytes]:
    """PDF, CSV and JSON by file name.

    Args:
        made: when, with its time zone.
        stem: the names' first part.
        identity: given, the reports name the patient; else they go by the pseudonym.
    """
    from brain_core.reports import pdf, study_records

    heading = pdf.Heading(made, study.pseudonym, identity)
    csv = study_records.to_csv([found], messages=identity is not None)
    json = study_records.to_json([(study.pseudonym, found)], made=made, identity=identity)
    return {
        f"{stem}.pdf": pdf.of_series(found, heading),
        f"{stem}.csv": csv.encode(),
        f"{stem}.json": json.encode(),
    }


def archive_objects(found: SeriesResult, *, made: datetime, deidentified: bool = False) -> tuple[Dataset, ...]:
    """The structured report and, of each model with a summary, the overlay of its most suspicious slice.

    Args:
        deidentified: for what leaves the archive; else the patient stays, as in the study.

    Raises:
        ScanError: the series is not DICOM, or lacks what such objects need.
    """
    from brain_core.reports.dicom_capture import secondary_capture
    from brain_core.reports.dicom_sr import comprehensive_sr

    captures = [
        secondary_capture(found, summary.model, slice_of(found, summary.model), made=made, deidentified=deidentified)
        for summary in found.summaries
        if summary.slices
    ]
    return (comprehensive_sr(found, made=made, deidentified=deidentified), *captures)


def slice_of(found: SeriesResult, model: str) -> int:
    """The slice with the highest probability among those that made the model's summary."""
    summary = next(each for each in found.summaries if each.model == model)
    return max(summary.slices, key=lambda index: found.predictions[model][index].probability)


def _content(ds: Dataset) -> bytes:
    from brain_core.pacs.outgoing import as_file

    content = io.BytesIO()
    as_file(ds).save_as(content, enforce_file_format=True)
    return content.getvalue()
