"""NIfTI files (.nii, .nii.gz, versions 1 and 2) to series, through nibabel; slices are read one at a time."""

from __future__ import annotations

from functools import partial

import numpy as np

from brain_core.errors import ScanError
from brain_core.scans import geometry, slice_scan
from brain_core.scans.dicom import digest, slice_key
from brain_core.scans.dicom.file import refusing
from brain_core.scans.frame import Frame
from brain_core.scans.geometry import Arrangement
from brain_core.scans.nifti_header import Volume, read_header
from brain_core.scans.raster import base_name
from brain_core.scans.series import IMAGE, NIFTI, Series, Slice, key_of
from brain_core.scans.source_file import SourceFile

MOST_VOLUMES = 24  # of one file that are listed
MOST_SLICES = 4_096  # of a volume; ten times what a head has
THICK = 1.1  # times the next largest spacing: slices were acquired along this axis


def read_series(file: SourceFile) -> list[Series]:
    """A series a volume: `MOST_VOLUMES` of them at most, the notes say how many there are.

    Slices are cut along the axis of the largest spacing, axially where none is, and shown as radiologists do
    (`geometry.SHOWN`).

    Raises:
        ScanError: not NIfTI in one file, damaged, truncated, too large, or of a kind that is not read.
    """
    name = base_name(file.name)
    with refusing(name, "the NIfTI file is damaged."):
        volume = read_header(file)
        arrangement = geometry.arrange(volume.affine, _slice_axis(volume))
        columns, rows, slices = (volume.shape[axis] for axis in arrangement.axes)
        slice_scan.check_size(rows, columns, name)
        if slices > MOST_SLICES:
            raise ScanError(f"{name}: claims {slices} slices; volumes of up to {MOST_SLICES} are read.")
        checksum = digest(file)
    count = volume.shape[3]
    return [_series(volume, arrangement, checksum, index) for index in range(min(count, MOST_VOLUMES))]


def _slice_axis(volume: Volume) -> int:
    """The axis that slices were acquired along, as far as sizes tell: the longest step, else feet to head."""
    single = [axis for axis in range(3) if volume.shape[axis] == 1]
    if len(single) == 1:
        return single[0]
    spacing = geometry.spacing_along(volume.affine)
    order = np.argsort(spacing)
    if spacing[order[2]] > THICK * spacing[order[1]]:
        return int(order[2])
    return next(axis for axis in range(3) if geometry.arrange(volume.affine, axis).plane == geometry.AXIAL)


def _series(volume: Volume, arrangement: Arrangement, checksum: str, index: int) -> Series:
    columns, rows, count = (volume.shape[axis] for axis in arrangement.axes)
    affine = geometry.rearranged(volume.affine, volume.shape, arrangement)
    normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2])
    column_mm, row_mm, gap = (float(x) for x in geometry.spacing_along(affine))
    slices = tuple(
        Slice(
            key=slice_key(checksum, index * count + i + 1),
            read=partial(_frame, volume, arrangement, index, i),
            height=rows,
            width=columns,
            position=float(normal @ (affine[:3, 3] + i * affine[:3, 2])) if volume.oriented else None,
            spacing=(row_mm, column_mm),
        )
        for i in range(count)
    )
    volumes = volume.shape[3]
    return Series(
        key=key_of(slices),
        description=volume.name + (f", volume {index + 1} of {volumes}" if volumes > 1 else ""),
        number=None,
        source=NIFTI,
        modality=None,
        role=IMAGE,
        plane=arrangement.plane if volume.oriented else None,
        slices=slices,
        gap=gap if count > 1 else None,
        affine=affine if volume.oriented and count > 1 else None,
        notes=_notes(volume),
    )


def _notes(volume: Volume) -> tuple[str, ...]:
    notes = []
    if not volume.oriented:
        notes.append(
            "The file does not say how the head lies: it is shown as such files mostly are, and left and right are "
            "not certain."
        )
    if volume.shape[3] > MOST_VOLUMES:
        notes.append(f"The file holds {volume.shape[3]} volumes; the first {MOST_VOLUMES} are listed.")
    return tuple(notes)


def _frame(volume: Volume, arrangement: Arrangement, volume_index: int, index: int) -> Frame:
    with refusing(volume.name, "the NIfTI file is damaged."):
        picture = geometry.cut(volume.array()[..., volume_index], index, arrangement)
        if volume.dtype.names:
            return Frame(np.stack([picture[channel] for channel in "RGB"], axis=-1))
        with np.errstate(over="ignore", invalid="ignore"):
            values = (picture.astype(np.float64) * volume.slope + volume.intercept).astype(np.float32)
    finite = np.isfinite(values)
    if finite.all():
        return Frame(values)
    values = np.where(finite, values, values[finite].min() if finite.any() else 0).astype(np.float32)
    return Frame(
        values, ~finite, notes=(f"{(~finite).sum()} pixels hold no number (NaN or infinity); they are black.",)
    )
