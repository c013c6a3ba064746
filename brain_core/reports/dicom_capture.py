"""A Grad-CAM overlay as a DICOM colour Secondary Capture, in the study that it is of, marked as what it is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from pydicom import Dataset
from pydicom.valuerep import DA, TM

from brain_core.errors import ScanError
from brain_core.reports.caption import with_caption
from brain_core.reports.dicom_common import (
    MANUFACTURER,
    UTF_8,
    algorithm_name,
    building,
    equipment,
    fingerprint,
    header,
    on_clock_of,
    series_number,
    stamp,
    uid_of,
)
from brain_core.reports.wording import DISCLAIMER, HEATMAP

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.study.result import SeriesResult

DESCRIPTION = "BRAIN Grad-CAM overlay (research only)"
SERIES_BASE = 80_000
UNPAIRED = ("BRAIN", "HEAD", "SKULL", "HEADNECK")  # body parts that have no side
LEAST_COSINE = 1e-4  # PS3.3 C.7.6.1.1.1: smaller components of a direction are not named
DIRECTIONS = (("L", "R"), ("P", "A"), ("H", "F"))  # of the x, y and z axis: positive, negative


def secondary_capture(
    result: SeriesResult, model: str, index: int, *, made: datetime, deidentified: bool = False
) -> Dataset:
    """The overlay of one model on one slice, with a caption burned in below it.

    All captures of a result are one series. The UIDs are the same whenever it is made of the same result, so that
    storing it again replaces it.

    Args:
        model: its name.
        index: of the slice, from 0.
        made: when.
        deidentified: for what leaves the archive: made of the source's attributes after `scans.deidentify`. Text
            burned into the source's own pixels stays (`scans.deidentify.BURNED_IN`).

    Raises:
        ScanError: the slice cannot be read or was not assessed, the series is not DICOM, lacks a UID, or holds
            attributes that no image can be made of.
    """
    prediction = result.predictions[model][index]
    if prediction is None:
        raise ScanError(f"Slice {index + 1} was not assessed: there is no overlay of it.")
    source = header(result.series, index, deidentified)
    scan = result.series.scan(index)
    picture, factor = with_caption(prediction.overlay_on(scan), caption(prediction))
    with building("The secondary capture"):
        from highdicom.sc import SCImage

        image = SCImage.from_ref_dataset(
            source,
            pixel_array=picture,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            patient_orientation=("L", "P"),  # as `_orientation` says, below
            pixel_spacing=tuple(each / factor for each in scan.spacing) if scan.spacing else None,
            transfer_syntax_uid="1.2.840.10008.1.2.1",
            specific_character_set=UTF_8,
            **_names(result, model, index, source),
            **equipment(result.summaries),
        )
        image.copy_patient_and_study_information(source)
        _describe(image, prediction, source, result.series.slices[index].frame_number, made)
    return image


def caption(prediction: Prediction) -> tuple[str, str]:
    """The two lines under the picture."""
    return (
        f"{algorithm_name(prediction.model)} {prediction.version}: Grad-CAM, probability of a tumour "
        f"{prediction.probability:.3f}, operating point {prediction.threshold:.3f}",
        "Research only. Not for diagnosis. Does not outline a lesion.",
    )


def _names(result: SeriesResult, model: str, index: int, source: Dataset) -> dict:
    """Series, UIDs and numbers of the capture, as highdicom's keyword arguments."""
    mark, frame = fingerprint(result, source), result.series.slices[index].frame_number
    return {
        "series_instance_uid": uid_of("overlay series", *mark),
        "series_number": series_number(result.series, SERIES_BASE),
        "series_description": DESCRIPTION,
        "sop_instance_uid": uid_of("overlay", *mark, model, source.SOPInstanceUID, frame),
        "instance_number": 1 + index + len(result.series) * list(result.predictions).index(model),
    }


def _describe(image: Dataset, prediction: Prediction, source: Dataset, frame: int | None, made: datetime) -> None:
    """What tells the picture from an acquired one, and what it was made of."""
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.BurnedInAnnotation = "YES"
    image.DerivationDescription = (
        f"Derived by algorithm: Grad-CAM of {algorithm_name(prediction.model)}, version {prediction.version}, over the "
        f"source image. {HEATMAP} {DISCLAIMER}"
    )
    image.SourceImageSequence = [_reference(source, frame)]
    image.PatientOrientation = _orientation(source)
    image.ImageComments = f"{caption(prediction)[0]}. {caption(prediction)[1]}"
    made = on_clock_of(source, made)
    image.ContentDate, image.ContentTime = DA(made.date()), TM(made.time().replace(microsecond=0))
    image.DateOfSecondaryCapture, image.TimeOfSecondaryCapture = image.ContentDate, image.ContentTime
    image.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    if source.get("BodyPartExamined"):
        image.BodyPartExamined = source.BodyPartExamined
    if image.get("BodyPartExamined") not in UNPAIRED:
        image.Laterality = ""  # type 2C where it cannot be told that the part is not paired
    _keep_losses(image, source)
    stamp(image, source, made)


def _reference(source: Dataset, frame: int | None) -> Dataset:
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes

    item = Dataset()
    item.ReferencedSOPClassUID = source.SOPClassUID
    item.ReferencedSOPInstanceUID = source.SOPInstanceUID
    if frame:
        item.ReferencedFrameNumber = frame
    purpose = codes.cid7202.SourceImageForImageProcessingOperation
    item.PurposeOfReferenceCodeSequence = [CodedConcept.from_code(purpose)]
    return item


def _keep_losses(image: Dataset, source: Dataset) -> None:
    """Not compressed here; but what was lost in the source stays lost (PS3.3 C.7.6.1.1.5)."""
    image.LossyImageCompression = "01" if source.get("LossyImageCompression") == "01" else "00"
    if image.LossyImageCompression == "01":
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if source.get(keyword):
                setattr(image, keyword, source.get(keyword))


def _orientation(source: Dataset) -> list[str]:
    """Where the rows and the columns of the picture lead to, e.g. ``["L", "P"]``; empty where it is not known."""
    cosines = source.get("ImageOrientationPatient")
    shared = source.get("SharedFunctionalGroupsSequence")
    if not cosines and shared and shared[0].get("PlaneOrientationSequence"):
        cosines = shared[0].PlaneOrientationSequence[0].get("ImageOrientationPatient")
    if not cosines or len(cosines) != 6:
        return []
    return [_direction(np.array(cosines[:3], float)), _direction(np.array(cosines[3:], float))]


def _direction(vector: np.ndarray) -> str:
    """The letters of a direction, the largest component first."""
    order = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    return "".join(DIRECTIONS[axis][int(vector[axis] < 0)] for axis in order if abs(vector[axis]) > LEAST_COSINE)
