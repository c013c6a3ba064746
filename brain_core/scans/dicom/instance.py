"""One DICOM image file as a series needs to know it: identifiers, geometry and frames, and nothing of the patient."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from brain_core.scans.dicom.kinds import modality_of
from brain_core.scans.dicom.pixels import PixelSource
from brain_core.scans.dicom.values import first_item, items, number, numbers, text, texts, value, whole
from brain_core.scans.frame import Frame
from brain_core.scans.source_file import SourceFile

COSINES = 6  # numbers of an orientation: the directions of a row and of a column


@dataclass(frozen=True)
class FrameInfo:
    """Where a frame lies and what sets it apart from others at the same place.

    Attributes:
        number: from 1.
        position: of the first pixel's centre in patient millimetres (LPS+), None where the file does not say.
        orientation: direction cosines of a row, then of a column; None where the file does not say.
        spacing: millimetres between pixel centres (row, column), None where the file does not say.
        echo_time: milliseconds.
        temporal_position: index in time, from 1.
        b_value: diffusion weighting, s/mm2.
        stack_id: of multi-frame files; text from outside, empty where there is none.
        image_type: of the frame where it has its own, else the file's.
    """

    number: int
    position: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    spacing: tuple[float, float] | None = None
    echo_time: float | None = None
    temporal_position: int | None = None
    b_value: float | None = None
    stack_id: str = ""
    image_type: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Instance:
    """A DICOM image, its pixels not yet read.

    Attributes:
        file: where it came from; its name may name a patient.
        study_uid, series_uid, sop_instance_uid, frame_of_reference_uid: empty where the file has none.
        sop_class_uid: empty where the file has none.
        modality: ``"MR"``, or ``"OT"`` for pictures of no stated modality.
        series_description: text from outside, one line of at most 64 characters, to be escaped wherever shown.
        series_number, instance_number, acquisition_number: None where the file does not say.
        image_type: e.g. ``("ORIGINAL", "PRIMARY", "M", "SE")``, empty where the file does not say.
        rows, columns: pixels.
        photometric: e.g. ``"MONOCHROME2"``.
        transfer_syntax: UID.
        slice_thickness, slice_spacing: millimetres, as stated; None where the file does not say.
        frames: at least one.
        pixels: decodes them.
    """

    file: SourceFile
    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frame_of_reference_uid: str
    modality: str
    series_description: str
    series_number: int | None
    instance_number: int | None
    acquisition_number: int | None
    image_type: tuple[str, ...]
    rows: int
    columns: int
    photometric: str
    transfer_syntax: str
    slice_thickness: float | None
    slice_spacing: float | None
    frames: tuple[FrameInfo, ...]
    pixels: PixelSource

    @property
    def is_multi_frame(self) -> bool:
        return len(self.frames) > 1

    def read(self, frame_number: int = 1) -> Frame:
        """Decode one frame, from 1.

        Raises:
            ScanError: there is no such frame, or its pixels are damaged.
        """
        return self.pixels.frame(frame_number)


def instance_of(file: SourceFile, header: Dataset, pixels: PixelSource, sop_class_uid: str) -> Instance:
    """The instance of a header that has been checked.

    Args:
        sop_class_uid: as the header or the file meta information says.
    """
    modality = text(header, "Modality").upper()
    shared = first_item(header, "SharedFunctionalGroupsSequence")
    measures = first_item(shared, "PixelMeasuresSequence") or header
    return Instance(
        file=file,
        study_uid=text(header, "StudyInstanceUID"),
        series_uid=text(header, "SeriesInstanceUID"),
        sop_class_uid=sop_class_uid,
        sop_instance_uid=text(header, "SOPInstanceUID"),
        frame_of_reference_uid=text(header, "FrameOfReferenceUID"),
        modality=modality_of(sop_class_uid, modality) or "OT",
        series_description=text(header, "SeriesDescription"),
        series_number=whole(header, "SeriesNumber"),
        instance_number=whole(header, "InstanceNumber"),
        acquisition_number=whole(header, "AcquisitionNumber"),
        image_type=texts(header, "ImageType"),
        rows=pixels.rows,
        columns=pixels.columns,
        photometric=pixels.photometric,
        transfer_syntax=str(pixels.syntax),
        slice_thickness=number(measures, "SliceThickness"),
        slice_spacing=number(measures, "SpacingBetweenSlices"),
        frames=frames_of(header, pixels.frame_count),
        pixels=pixels,
    )


def frames_of(header: Dataset, count: int) -> tuple[FrameInfo, ...]:
    """One a frame: from the functional groups of a multi-frame file, and from the plain attributes else."""
    shared = first_item(header, "SharedFunctionalGroupsSequence")
    own = items(header, "PerFrameFunctionalGroupsSequence")
    if shared is None and not own:
        info = _frame_info(1, header, header, header, header, header, header)
        # Without functional groups one position is all there is, and it is not every frame's.
        return (info,) if count == 1 else tuple(_numbered(info, i) for i in range(1, count + 1))
    return tuple(_grouped(header, shared, own[i] if i < len(own) else None, i + 1) for i in range(count))


def functional_group(shared: Dataset | None, own: Dataset | None, keyword: str) -> Dataset | None:
    """A functional group of a frame: its own, else the one that all frames share."""
    found = first_item(own, keyword)
    return found if found is not None else first_item(shared, keyword)


def _grouped(header: Dataset, shared: Dataset | None, own: Dataset | None, frame_number: int) -> FrameInfo:
    empty = Dataset()

    def group(keyword: str, otherwise: Dataset = empty) -> Dataset:
        found = functional_group(shared, own, keyword)
        return found if found is not None else otherwise

    return _frame_info(
        frame_number,
        # Some converters leave these in the plain attributes; a position there can be that of one frame only.
        position=group("PlanePositionSequence"),
        orientation=group("PlaneOrientationSequence", header),
        measures=group("PixelMeasuresSequence", header),
        content=group("FrameContentSequence"),
        echo=group("MREchoSequence", header),
        diffusion=group("MRDiffusionSequence"),
        kind=group("MRImageFrameTypeSequence", header),
    )


def _frame_info(
    frame_number: int,
    position: Dataset,
    orientation: Dataset,
    measures: Dataset,
    content: Dataset,
    echo: Dataset,
    diffusion: Dataset,
    kind: Dataset | None = None,
) -> FrameInfo:
    spacing = numbers(measures, "PixelSpacing")
    time = whole(content, "TemporalPositionIndex")
    effective_echo = number(echo, "EffectiveEchoTime")
    kind = kind if kind is not None else content
    return FrameInfo(
        number=frame_number,
        position=_of_length(numbers(position, "ImagePositionPatient"), 3),
        orientation=_of_length(numbers(orientation, "ImageOrientationPatient"), COSINES),
        spacing=_of_length(spacing, 2) if spacing and min(spacing) > 0 else None,
        echo_time=effective_echo if effective_echo is not None else number(echo, "EchoTime"),
        temporal_position=time if time is not None else whole(content, "TemporalPositionIdentifier"),
        b_value=number(diffusion, "DiffusionBValue"),
        stack_id=text(content, "StackID"),
        image_type=texts(kind, "FrameType") if value(kind, "FrameType") is not None else texts(kind, "ImageType"),
    )


def _numbered(info: FrameInfo, frame_number: int) -> FrameInfo:
    return FrameInfo(
        number=frame_number,
        orientation=info.orientation,
        spacing=info.spacing,
        echo_time=info.echo_time,
        image_type=info.image_type,
    )


def _of_length(found: tuple[float, ...] | None, length: int) -> tuple | None:
    return found if found is not None and len(found) == length else None
