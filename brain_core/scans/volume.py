"""The other two planes of a series whose slices are close enough to make a volume."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from brain_core.errors import ScanError
from brain_core.scans import geometry, slice_scan
from brain_core.scans.frame import Frame
from brain_core.scans.geometry import Arrangement
from brain_core.scans.once import Once
from brain_core.scans.raster import MAX_ELONGATION, MIN_SIDE
from brain_core.scans.series import Series, Slice, key_of
from brain_core.settings import MEGABYTE

# Slices of 2D sequences, 4 to 6 mm apart with pixels below 1 mm, give other planes in which a lesion is a few bars;
# 3D sequences have 1 to 2 mm.
MOST_RATIO = 2.5  # gap between slices to the shorter side of a pixel
MOST_MEMORY = 600 * MEGABYTE  # of a volume in float32: 512 slices of 512 x 512


def reason_against(series: Series) -> str | None:
    """Why a series has no other planes, as a sentence; None where it has."""
    first = series.slices[0]
    if series.affine is None or first.spacing is None:
        return "Other planes need evenly spaced slices of one size, with their place in space."
    if len(series) < MIN_SIDE:
        return f"Other planes need at least {MIN_SIDE} slices. Received: {len(series)}."
    gap, side = geometry.spacing_along(series.affine)[2], min(first.spacing)
    if not side / MOST_RATIO <= gap <= MOST_RATIO * side:
        return (
            f"Other planes need slices at most {MOST_RATIO:g} times as far apart as pixels. Received: slices "
            f"{gap:.2g} mm apart, pixels of {side:.2g} mm."
        )
    needed = 4 * len(series) * first.height * first.width
    if needed > MOST_MEMORY:
        return (
            f"Other planes need the whole volume in memory: {needed / MEGABYTE:.0f} MB; up to "
            f"{MOST_MEMORY // MEGABYTE} MB are taken."
        )
    return None


def other_planes(series: Series) -> tuple[Series, ...]:
    """The volume cut along its other two axes, in square pixels; it is read once, when the first of them is.

    A tilted volume is cut along its own axes. Its window stays that of the series.

    Raises:
        ScanError: see `reason_against`.
    """
    if reason := reason_against(series):
        raise ScanError(reason)
    volume = _Volume(series, Once())
    found = (_cut(volume, geometry.arrange(series.affine, axis)) for axis in (0, 1))
    return tuple(each for each in found if each is not None)


@dataclass(frozen=True, eq=False)
class _Volume:
    series: Series
    loaded: Once[tuple[np.ndarray, bool, tuple[str, ...]]]

    def get(self) -> tuple[np.ndarray, bool, tuple[str, ...]]:
        """float32 (column, row, slice), NaN where there is no picture; whether small values are bright; notes."""
        return self.loaded.get(self._load)

    def _load(self) -> tuple[np.ndarray, bool, tuple[str, ...]]:
        first = self.series.slices[0]
        values = np.full((len(self.series), first.height, first.width), np.nan, np.float32)
        inverted, unread = [], 0
        for index in range(len(self.series)):
            try:
                frame = self.series.frame(index)
            except ScanError:
                unread += 1
                continue
            if frame.is_colour:
                raise ScanError("Other planes are made of grey slices; these are coloured.")
            values[index] = frame.values
            if frame.padding is not None:
                values[index][frame.padding] = np.nan
            inverted.append(frame.inverted)
        if not inverted:
            raise ScanError("No slice of the series can be read.")
        many = f"{unread} slices could not be read; they are black."
        notes = ("1 slice could not be read; it is black.",) if unread == 1 else (many,) if unread else ()
        return values.transpose(2, 1, 0), inverted[0], notes


def _cut(volume: _Volume, arrangement: Arrangement) -> Series | None:
    series = volume.series
    first = series.slices[0]
    shape = (first.width, first.height, len(series))
    affine = geometry.rearranged(np.asarray(series.affine), shape, arrangement)
    column_mm, row_mm, gap = (float(x) for x in geometry.spacing_along(affine))
    columns, rows, count = (shape[axis] for axis in arrangement.axes)
    size = slice_scan.squared_size(rows, columns, (row_mm, column_mm)) or (rows, columns)
    if max(size) > MAX_ELONGATION * min(size):
        return None
    affine[:3, 0] *= columns / size[1]
    affine[:3, 1] *= rows / size[0]
    # The first pixel's corner stays where it was, so its centre moves.
    for axis, ratio in ((0, columns / size[1]), (1, rows / size[0])):
        affine[:3, 3] += affine[:3, axis] / ratio * (ratio - 1) / 2
    normal = affine[:3, 2] / gap
    slices = tuple(
        Slice(
            key=hashlib.sha256(f"{series.key}:{arrangement.plane}:{i}".encode()).hexdigest(),
            read=partial(_frame, volume, arrangement, size, i),
            height=size[0],
            width=size[1],
            position=float(normal @ (affine[:3, 3] + i * affine[:3, 2])),
            spacing=(row_mm * rows / size[0], column_mm * columns / size[1]),
        )
        for i in range(count)
    )
    return Series(
        key=key_of(slices),
        description=f"{series.description}, {arrangement.plane} reformat",
        number=series.number,
        source=series.source,
        modality=series.modality,
        role=series.role,
        plane=arrangement.plane,
        slices=slices,
        gap=gap,
        affine=affine,
        notes=(f"Cut from the volume of the {series.plane or 'original'} slices, not acquired in this plane.",),
    )


def _frame(volume: _Volume, arrangement: Arrangement, size: tuple[int, int], index: int) -> Frame:
    values, inverted, notes = volume.get()
    picture = geometry.cut(values, index, arrangement)
    padding = ~np.isfinite(picture)
    if padding.any():
        picture = np.where(padding, 0 if padding.all() else picture[~padding].min(), picture)
    if size != picture.shape:
        picture = slice_scan.resized(picture, size)
        padding = slice_scan.resized(padding.astype(np.float32), size) >= 0.5
    window = volume.series.window()
    return Frame(np.ascontiguousarray(picture), padding if padding.any() else None, inverted, (window,), notes)
