"""How slices lie in the patient, in DICOM's axes (LPS+: to the left, back and head), and how to show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

AXIAL, CORONAL, SAGITTAL, OBLIQUE = "axial", "coronal", "sagittal", "oblique"
NEAR_AXIS = 0.8  # cosine; slices tilted by up to 37 degrees, as heads are, keep their plane's name
LEAST_NORMAL = (
    0.5  # length of the cross product of a row's and a column's direction; 1 where they are as they should be
)
# Plane -> patient axis (0 left, 1 back, 2 head) and sense in which columns, rows and slices run: the radiological
# convention, with the patient's right on the left, or the face on the left, and slices as in `series.Series`.
SHOWN = {
    AXIAL: ((0, 1), (1, 1), (2, 1)),
    CORONAL: ((0, 1), (2, -1), (1, -1)),
    SAGITTAL: ((1, 1), (2, -1), (0, 1)),
}
PLANE_ACROSS = (SAGITTAL, CORONAL, AXIAL)  # by the patient axis that slices follow


@dataclass(frozen=True)
class Arrangement:
    """How a volume's axes become pictures.

    Attributes:
        axes: of the volume, those that become columns, rows and slices.
        flipped: whether each of them runs backwards.
        plane: of the pictures.
    """

    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    plane: str


def normal_of(orientation: Sequence[float] | None) -> np.ndarray | None:
    """float64 (3,), of length 1: the sense in which slices of the orientation are sorted (`SHOWN`).

    Args:
        orientation: direction cosines of a row, then of a column.

    Returns:
        None where there is no orientation, or one without a normal.
    """
    if orientation is None:
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    length = np.linalg.norm(normal)
    if not LEAST_NORMAL < length < 1 / LEAST_NORMAL:
        return None
    main = int(np.argmax(np.abs(normal)))
    sense = SHOWN[PLANE_ACROSS[main]][2][1]
    return normal / length * np.sign(normal[main]) * sense


def plane_of(normal: np.ndarray) -> str:
    """The plane's name; oblique where the normal is near none of the patient's axes."""
    main = int(np.argmax(np.abs(normal)))
    return PLANE_ACROSS[main] if abs(normal[main]) >= NEAR_AXIS * np.linalg.norm(normal) else OBLIQUE


def spacing_along(affine: np.ndarray) -> np.ndarray:
    """Millimetres between neighbours along each of a volume's axes, float64 (3,)."""
    return np.linalg.norm(affine[:3, :3], axis=0)


def is_usable(affine: np.ndarray) -> bool:
    """Whether an affine is finite and spans space."""
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        return False
    lengths = spacing_along(affine)
    return bool(lengths.min() > 0 and abs(np.linalg.det(affine[:3, :3] / lengths)) > 0.1)


def arrange(affine: np.ndarray, slice_axis: int) -> Arrangement:
    """Show a volume in slices along one of its axes; tilted ones are shown as the plane they are nearest to.

    Args:
        affine: usable, float64 (4, 4), from indices to patient millimetres (LPS+).
    """
    from nibabel.orientations import io_orientation  # 0.4 s

    ornt = io_orientation(affine)  # volume axis -> patient axis and sense
    plane = PLANE_ACROSS[int(ornt[slice_axis, 0])]
    axes, flipped = [], []
    for patient_axis, sense in SHOWN[plane]:
        axis = int(np.flatnonzero(ornt[:, 0] == patient_axis)[0])
        axes.append(axis)
        flipped.append(bool(ornt[axis, 1] != sense))
    return Arrangement(tuple(axes), tuple(flipped), plane)


def rearranged(affine: np.ndarray, shape: Sequence[int], arrangement: Arrangement) -> np.ndarray:
    """The affine from (column, row, slice) of the pictures; the arguments are those of the volume."""
    shown = np.eye(4)
    shown[:3, 3] = affine[:3, 3]
    for i, (axis, flipped) in enumerate(zip(arrangement.axes, arrangement.flipped, strict=True)):
        direction = affine[:3, axis]
        shown[:3, i] = -direction if flipped else direction
        if flipped:
            shown[:3, 3] += direction * (shape[axis] - 1)
    return shown


def cut(volume: np.ndarray, index: int, arrangement: Arrangement) -> np.ndarray:
    """Picture ``index`` of a volume, (rows, columns, ...), a view; further axes of the volume stay behind."""
    column, row, along = arrangement.axes
    if arrangement.flipped[2]:
        index = volume.shape[along] - 1 - index
    place: list = [slice(None)] * volume.ndim
    place[along] = index
    picture = volume[tuple(place)]
    if row > column:  # the first of the axes that are left is the column's
        picture = picture.swapaxes(0, 1)
    return picture[:: -1 if arrangement.flipped[1] else 1, :: -1 if arrangement.flipped[0] else 1]
