"""The result of a series as a DICOM Comprehensive SR (TID 1500 Measurement Report), in the study that it is of.

What the models say is written as a measurement, never as a finding: no code in the document says that the patient has
a tumour, so that no query for one takes a model's output for a diagnosis.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pydicom import Dataset

from brain_core import __version__
from brain_core.errors import ScanError
from brain_core.reports import ranking
from brain_core.reports.dicom_common import (
    MANUFACTURER,
    UTF_8,
    algorithm_name,
    building,
    equipment,
    fingerprint,
    headers,
    on_clock_of,
    series_number,
    stamp,
    uid_of,
)
from brain_core.reports.wording import DISCLAIMER, EMPTY, INTENDED_USE, SOFTWARE

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept, ContentItem, MeasurementsAndQualitativeEvaluations

    from brain_core.study.result import SeriesResult, Summary

DESCRIPTION = "BRAIN measurement report (research only)"
SERIES_BASE = 90_000
SCHEME = "99BRAIN"
SCHEME_NAME = "Codes of the BRAIN project"
QUESTION = ("TUMOR-QUESTION", "Tumor, as asked of the model; not a finding")
AGAINST_POINT = ("AGAINST-OPERATING-POINT", "Probability against the operating point")
AGAINST = {
    "tumor": ("AT-OR-ABOVE", "At or above the operating point"),
    "no tumor": ("BELOW", "Below the operating point"),
    None: ("NOT-ASSESSED", "Not assessed"),
}
MRI = ("113091000", "SCT", "Magnetic resonance imaging")
IMAGING = ("363679005", "SCT", "Imaging")
MEANING_LENGTH = 64  # characters of a code's meaning (LO)
GEOMETRY = ("PixelSpacing", "SliceThickness", "ImagePositionPatient", "ImageOrientationPatient", "Rows", "Columns")


def comprehensive_sr(result: SeriesResult, *, made: datetime, deidentified: bool = False) -> Dataset:
    """The document: partial, unverified, in a new series of the same study and patient.

    It has the same UIDs whenever it is made of the same result, so that storing it again replaces it.

    Args:
        made: when.
        deidentified: for what leaves the archive: made of the source's attributes after `scans.deidentify`.

    Raises:
        ScanError: the series is not DICOM, lacks a UID or holds attributes that no document can be made of, or there
            is no model's summary.
    """
    if not result.summaries:
        raise ScanError(EMPTY)
    sources = headers(result.series, deidentified)
    made = on_clock_of(sources[0], made)
    with building("The structured report"):
        from highdicom.sr import ComprehensiveSR

        mark = fingerprint(result, sources[0])
        document = ComprehensiveSR(
            evidence=sources,
            content=_content(result, sources),
            series_instance_uid=uid_of("SR series", *mark),
            series_number=series_number(result.series, SERIES_BASE),
            series_description=DESCRIPTION,
            sop_instance_uid=uid_of("SR", *mark),
            instance_number=1,
            content_date=made.date(),
            content_time=made.time(),
            specific_character_set=UTF_8,
            coding_schemes=[_scheme()],
            **equipment(result.summaries),
        )
        stamp(document, sources[0], made)
    return document


def _content(result: SeriesResult, sources: list[Dataset]) -> Dataset:
    from highdicom.sr import (
        CodedConcept,
        ContainerContentItem,
        ContentSequence,
        MeasurementReport,
        RelationshipTypeValues,
    )
    from pydicom.sr.codedict import codes

    used = [sources[index] for summary in result.summaries for index in summary.slices]
    images = list({each.SOPInstanceUID: each for each in used}.values())
    report = MeasurementReport(
        observation_context=_context(),
        procedure_reported=CodedConcept(*(MRI if sources[0].get("Modality") == "MR" else IMAGING)),
        imaging_measurements=[_group(result, summary, sources) for summary in result.summaries],
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=images if all(_has_geometry(image) for image in images) else None,
    )
    remarks = ContainerContentItem(
        CodedConcept("C0034375", "UMLS", "Qualitative Evaluations"),
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    remarks.ContentSequence = ContentSequence([_comment(text) for text in _remarks(result)])
    report[0].ContentSequence.append(remarks)
    return report[0]


def _group(result: SeriesResult, summary: Summary, sources: list[Dataset]) -> MeasurementsAndQualitativeEvaluations:
    """TID 1501: one model's answer."""
    from highdicom.sr import (
        AlgorithmIdentification,
        FindingSite,
        Measurement,
        MeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        TrackingIdentifier,
    )
    from pydicom.sr.codedict import codes

    point = summary.operating_point
    threshold = Measurement(codes.DCM.ThresholdValue, float(point.threshold), codes.UCUM.NoUnits)
    probability = (
        []
        if summary.value is None
        else [
            Measurement(
                codes.DCM.Probability,
                float(summary.value),
                codes.UCUM.NoUnits,
                derivation=codes.SCT.Mean if len(summary.slices) > 1 else None,
                referenced_images=_references(sources, result, summary.slices),
            )
        ]
    )
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid_of("tracking", summary.model, *fingerprint(result, sources[0])), f"{SOFTWARE} {summary.model}"
        ),
        finding_type=_code(QUESTION),
        finding_sites=[FindingSite(codes.SCT.Brain)],
        algorithm_id=AlgorithmIdentification(
            algorithm_name(summary.model),
            summary.version,
            parameters=[f"threshold {point.threshold:.6g}", f"operating point: {point.source}"],
            family=codes.DCM.ArtificialIntelligence,
            manufacturer=MANUFACTURER,
        ),
        measurements=[*probability, threshold],
        qualitative_evaluations=[QualitativeEvaluation(_code(AGAINST_POINT), _code(AGAINST[summary.label]))],
    )
    group[0].ContentSequence.append(_comment(summary.method))
    return group


def _references(sources: list[Dataset], result: SeriesResult, slices: Sequence[int]) -> list:
    """The images of some slices; frames of one multi-frame image in one reference."""
    from highdicom.sr import SourceImageForMeasurement

    frames: dict[str, list[int]] = {}
    classes = {}
    for index in slices:
        uid = str(sources[index].SOPInstanceUID)
        classes[uid] = sources[index].SOPClassUID
        number = result.series.slices[index].frame_number
        frames.setdefault(uid, []).extend([number] if number else [])
    return [SourceImageForMeasurement(classes[uid], uid, numbers or None) for uid, numbers in frames.items()]


def _remarks(result: SeriesResult) -> list[str]:
    found = [DISCLAIMER, INTENDED_USE, result.caveat, ranking.counts(result)]
    if best := ranking.suspicious(result, 1):
        found.append(f"Most suspicious slice: {best[0] + 1} of {len(result.series)}.")
    return found


def _context():
    from highdicom.sr import DeviceObserverIdentifyingAttributes, ObservationContext, ObserverContext
    from pydicom.sr.codedict import codes

    device = DeviceObserverIdentifyingAttributes(
        uid=uid_of("device", SOFTWARE, __version__),
        name=SOFTWARE,
        manufacturer_name=MANUFACTURER,
        model_name=f"{SOFTWARE} {__version__}",
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))


def _comment(text: str) -> ContentItem:
    from highdicom.sr import RelationshipTypeValues, TextContentItem
    from pydicom.sr.codedict import codes

    return TextContentItem(codes.DCM.Comment, text, RelationshipTypeValues.CONTAINS)


def _has_geometry(image: Dataset) -> bool:
    """Whether an entry of the image library can be made: highdicom wants all of it outside functional groups."""
    return all(image.get(keyword) not in (None, "", []) for keyword in GEOMETRY)


def _code(code: tuple[str, str]) -> CodedConcept:
    from highdicom.sr import CodedConcept

    value, meaning = code
    return CodedConcept(value, SCHEME, meaning[:MEANING_LENGTH], __version__)


def _scheme():
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    return CodingSchemeIdentificationItem(
        SCHEME, name=SCHEME_NAME, version=__version__, responsible_organization=MANUFACTURER
    )
