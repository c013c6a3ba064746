"""From a DICOM header to how a frame's stored values become units and grey levels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pydicom import Dataset

from brain_core.errors import ScanError
from brain_core.scans.dicom.values import clean, first_item, items, number, numbers, text, value, values
from brain_core.scans.window import FUNCTIONS, Lookup, Voi, Window

FULL_TABLE = 1 << 16  # entries, written as 0
MOST_WINDOWS = 16  # a screen offers no more to choose from


@dataclass(frozen=True, eq=False)
class Display:
    """What becomes of the stored values of a frame.

    Attributes:
        slope, intercept: from stored values to units.
        table: in their place, entries in units; ``Lookup.table`` is not scaled to 0..1 here.
        windows, notes: as in `Frame`.
    """

    slope: float = 1.0
    intercept: float = 0.0
    table: Lookup | None = None
    windows: tuple[Voi, ...] = ()
    notes: tuple[str, ...] = ()

    def units(self, stored: np.ndarray) -> np.ndarray:
        """float32 of the stored values' shape."""
        if self.table is not None:
            places = np.clip(stored.astype(np.int64) - self.table.first, 0, len(self.table.table) - 1)
            return self.table.table[places].astype(np.float32)
        if (self.slope, self.intercept) == (1.0, 0.0):
            return stored.astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no picture, and is masked as such
            return (stored * np.float64(self.slope) + self.intercept).astype(np.float32)


def display_of(transformation: Dataset, voi: Dataset, *, little_endian: bool, signed: bool) -> Display:
    """The display of a frame.

    Args:
        transformation, voi: where rescaling and windows stand: the header, or a frame's functional groups.
        signed: whether stored values are.
    """
    table = None
    if (item := first_item(transformation, "ModalityLUTSequence")) is not None:
        table = _table(item, little_endian, signed)
    slope, intercept, notes = _rescale(transformation)
    windows, more = windows_of(voi, little_endian=little_endian, signed=signed and intercept >= 0)
    return Display(slope, intercept, table[0] if table else None, windows, notes + more)


def windows_of(voi: Dataset, *, little_endian: bool, signed: bool) -> tuple[tuple[Voi, ...], tuple[str, ...]]:
    """The file's lookup tables and windows, in this order as pydicom prefers, and a note for each that is unusable."""
    found: list[Voi] = []
    notes = []
    for item in items(voi, "VOILUTSequence")[:MOST_WINDOWS]:
        table = _table(item, little_endian, signed)
        if table is None:
            notes.append("A lookup table for grey levels in the file is damaged and not used.")
        else:
            lookup, bits = table
            scaled = (lookup.table / float((1 << bits) - 1)).astype(np.float32)
            found.append(replace(lookup, table=scaled, name=text(item, "LUTExplanation")))
    function, note = _function(voi)
    notes += note
    widths, names = values(voi, "WindowWidth"), values(voi, "WindowCenterWidthExplanation")
    for i, centre in enumerate(values(voi, "WindowCenter")[:MOST_WINDOWS]):
        name = clean(str(names[i])) if i < len(names) else ""
        try:
            found.append(_window(float(centre), float(widths[i]), function, name))
        except (ScanError, IndexError, TypeError, ValueError):
            notes.append("A window in the file has no usable centre and width; it is not used.")
    return tuple(found), tuple(dict.fromkeys(notes))


def _window(centre: float, width: float, function: str, name: str) -> Window:
    if function == "linear" and 0 < width < 1:  # not allowed, but plain what is meant where units are small
        function = "linear_exact"
    return Window(centre, width, function, name)


def _function(voi: Dataset) -> tuple[str, list[str]]:
    stated = text(voi, "VOILUTFunction").lower() or FUNCTIONS[0]
    if stated in FUNCTIONS:
        return stated, []
    return FUNCTIONS[0], ["The file's window function is not known; its windows are taken as linear."]


def _rescale(transformation: Dataset) -> tuple[float, float, tuple[str, ...]]:
    slope, intercept = number(transformation, "RescaleSlope"), number(transformation, "RescaleIntercept")
    stated = any(keyword in transformation for keyword in ("RescaleSlope", "RescaleIntercept"))
    if stated and (not slope or (intercept is None and value(transformation, "RescaleIntercept") is not None)):
        return 1.0, 0.0, ("The file's rescale slope or intercept is not usable; stored values are shown.",)
    return slope or 1.0, intercept or 0.0, ()


def _table(item: Dataset, little_endian: bool, signed: bool) -> tuple[Lookup, int] | None:
    """The table of an item and the bits of its entries; None where it is damaged."""
    descriptor, data = numbers(item, "LUTDescriptor"), value(item, "LUTData")
    if descriptor is None or len(descriptor) != 3 or data is None:
        return None
    count, first, bits = map(int, descriptor)
    count = count % FULL_TABLE or FULL_TABLE
    if signed and first >= FULL_TABLE // 2:  # written as unsigned
        first -= FULL_TABLE
    if isinstance(data, bytes):
        wide = np.dtype("u1" if len(data) <= count + 1 and bits <= 8 else "<u2" if little_endian else ">u2")
        data = np.frombuffer(data, wide, count=min(count, len(data) // wide.itemsize))
    entries = np.asarray(data, np.float32).reshape(-1)[:count]
    if not entries.size or not 1 <= bits <= 16:
        return None
    return Lookup(first, entries), bits
