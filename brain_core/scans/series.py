"""Series and studies: slices in their order in space, each read when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brain_core.scans import slice_scan
from brain_core.scans.frame import Frame
from brain_core.scans.once import Once
from brain_core.scans.sampling import Sample, sample
from brain_core.scans.scan import Scan
from brain_core.scans.source_file import SourceFile
from brain_core.scans.window import Voi

if TYPE_CHECKING:
    from pydicom import Dataset

DICOM, NIFTI = "DICOM", "NIfTI"
IMAGE, LOCALIZER, DERIVED = "image", "localizer", "derived"
PLANES = ("axial", "coronal", "sagittal", "oblique")


@dataclass(frozen=True, eq=False)
class Slice:
    """One slice of a series, not yet decoded.

    Attributes:
        key: sha256 in hexadecimal, of the file's bytes and the frame's number.
        read: decodes it; may raise `ScanError`.
        height, width: pixels.
        position: millimetres along the series' normal, None where the file does not say.
        spacing: millimetres between pixel centres (row, column), None where the file does not say.
        header: the DICOM data set of its file without pixel data, to refer to it in a report; None elsewhere. It
            names the patient: nothing of it may be kept, logged or shown.
        frame_number: from 1 in a multi-frame DICOM file, else None.
    """

    key: str
    read: Callable[[], Frame]
    height: int
    width: int
    position: float | None = None
    spacing: tuple[float, float] | None = None
    header: Callable[[], Dataset] | None = None
    frame_number: int | None = None


@dataclass(frozen=True, eq=False)
class Series:
    """Slices that belong together, sorted along their normal.

    Attributes:
        key: sha256 in hexadecimal, of its slices' keys.
        description: the series description or the file's name; text from outside, to be escaped wherever shown.
        number: series number, None where there is none.
        source: `DICOM` or `NIFTI`.
        modality: as in DICOM (0008,0060); None where the format does not say.
        role: `IMAGE`, `LOCALIZER` or `DERIVED`.
        plane: one of `PLANES`, None where the format does not say.
        slices: at least one; from the feet to the head, from the back to the front, from the right to the left.
        gap: millimetres between neighbouring slices' centres (median), None where unknown.
        affine: float64 (4, 4), from (column, row, slice) to patient millimetres in LPS+ (DICOM), None where unknown.
        notes: what is unusual (missing, doubled or differently sized slices), one sentence each.
        pseudonym: of the patient, as the study's; None outside of DICOM studies.
    """

    key: str
    description: str
    number: int | None
    source: str
    modality: str | None
    role: str
    plane: str | None
    slices: tuple[Slice, ...]
    gap: float | None = None
    affine: object | None = None
    notes: tuple[str, ...] = ()
    pseudonym: str | None = None
    _sample: Once[Sample] = field(default_factory=Once, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.slices)

    @property
    def title(self) -> str:
        """Number and description; text from outside, to be escaped wherever shown."""
        description = self.description or "Series without a description"
        return description if self.number is None else f"{self.number}: {description}"

    @property
    def spacing(self) -> tuple[float, float] | None:
        """Of the middle slice."""
        return self.slices[len(self.slices) // 2].spacing

    def key_at(self, index: int) -> str:
        """What results of a slice are kept by: its own key, and the series', on whose window its picture may depend."""
        return f"{self.key}:{self.slices[index].key}"

    def frame(self, index: int) -> Frame:
        """The decoded slice; may raise `ScanError`."""
        return self.slices[index].read()

    def scan(self, index: int, voi: Voi | None = None) -> Scan:
        """The slice in grey levels and square pixels, as models and screens take it; a blank one is a scan as well.

        Args:
            voi: in place of the default, which is the file's first window, else `window.of_percentiles` of the series.

        Raises:
            ScanError: damaged, or of a size that is not read.
        """
        place, frame = self.slices[index], self.frame(index)
        if voi is None and not frame.windows and not frame.is_colour:
            voi = self._sampled().automatic
        name = f"slice {index + 1} of {len(self)}"
        pixels, spacing, notes = slice_scan.square(frame.levels(voi), place.spacing, name)
        return Scan(pixels, name, self.source, place.key, self.modality, spacing, frame.notes + notes)

    def window(self) -> Voi:
        """Where a control for the window starts: the first of the middle slice's file, else one for the series."""
        sampled = self._sampled()
        return sampled.first or sampled.automatic

    def presets(self) -> tuple[Voi, ...]:
        """The windows that its files offer, each with a name of its own, and the automatic one last.

        Names are text from outside, to be escaped wherever shown.
        """
        return self._sampled().presets

    def _sampled(self) -> Sample:
        return self._sample.get(lambda: sample(len(self), self.frame))


@dataclass(frozen=True)
class Identity:
    """Who the patient is: shown only to whoever uploaded the study, and only when asked for; never kept or logged."""

    name: str
    patient_id: str
    birth_date: str
    sex: str
    study_date: str
    study_description: str
    accession_number: str


@dataclass(frozen=True, eq=False)
class Study:
    """What was acquired together.

    Attributes:
        key: opaque and stable for this installation; derived from the study's UID with a secret, so that it tells
            nothing.
        pseudonym: of the patient, likewise, short and speakable, e.g. ``"P-7QK3-M2ZD"``.
        series: images first, by number.
        identity: reads the patient's data from the files at every call; None where the format holds none.
        notes: what is unusual, one sentence each.
    """

    key: str
    pseudonym: str
    series: tuple[Series, ...]
    identity: Callable[[], Identity] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A file that was not taken, and why: fit to show (escaped).

    Attributes:
        for_now: whether it is this machine that could not read it at the moment (`ShortageError`).
    """

    name: str
    reason: str
    for_now: bool = False


@dataclass(frozen=True, eq=False)
class Collection:
    """All that came in at once, sorted out.

    Attributes:
        pictures: raster files (JPEG, PNG, ...), as they came.
        ignored: files that are there for good reason and are no images (DICOMDIR, system files), counted only.
    """

    studies: tuple[Study, ...]
    pictures: tuple[SourceFile, ...] = ()
    refused: tuple[Refused, ...] = ()
    ignored: int = 0


def key_of(slices: Sequence[Slice]) -> str:
    """`Series.key` of its slices."""
    return hashlib.sha256("".join(each.key for each in slices).encode()).hexdigest()
