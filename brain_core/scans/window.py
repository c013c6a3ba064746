"""Windows: from stored values to the grey levels of a screen (DICOM PS3.3 C.11.2, C.11.8)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from brain_core.errors import ScanError

FUNCTIONS = ("linear", "linear_exact", "sigmoid")  # PS3.3 C.11.2.1.2 and C.11.2.1.3
WHITE = 255
SATURATED = 40.0  # exp(-40) is far below half a grey level, and exp(40) far from overflow


@dataclass(frozen=True)
class Window:
    """A range of values that is spread over the grey levels.

    Attributes:
        centre, width: in the units of the values; the width is above 0 (at least 1 for ``linear``).
        function: one of `FUNCTIONS`.
        name: what the file calls it; text from outside, empty where it has no name.

    Raises:
        ScanError: no such function, or a centre or width that is no number or out of range.
    """

    centre: float
    width: float
    function: str = "linear"
    name: str = ""

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ScanError(f"Window: expected a function of {FUNCTIONS}. Received: {self.function!r}.")
        least = "of at least 1" if self.function == "linear" else "above 0"
        good = self.width >= 1 if self.function == "linear" else self.width > 0
        if not (math.isfinite(self.centre) and math.isfinite(self.width) and good):
            raise ScanError(
                f"Window: expected a finite centre and a width {least}. "
                f"Received: centre {self.centre:g}, width {self.width:g}."
            )


@dataclass(frozen=True, eq=False)
class Lookup:
    """A table from values to grey levels (VOI LUT).

    Attributes:
        first: the value that the first entry is for; smaller values take the first entry, larger than the last the
            last.
        table: float32 (n,), 0..1.
        name: as in `Window`.
    """

    first: int
    table: np.ndarray
    name: str = ""


Voi = Window | Lookup


def apply(values: np.ndarray, voi: Voi, inverted: bool = False) -> np.ndarray:
    """The grey levels of values: black below the window, white above.

    Args:
        values: of any shape, in the window's units; NaN becomes black (white where inverted).
        inverted: small values are bright (MONOCHROME1).

    Returns:
        uint8 of the same shape, 0..255, rounded to the nearest level.
    """
    share = _looked_up(values, voi) if isinstance(voi, Lookup) else _windowed(values, voi)
    levels = np.floor(share * WHITE + 0.5).astype(np.uint8)
    return WHITE - levels if inverted else levels


def of_percentiles(values: np.ndarray, padding: np.ndarray | None = None, low: float = 1, high: float = 99) -> Window:
    """A window for values that come without one: from one percentile to another.

    Where the percentiles are equal it spans all values, and where all are equal they become black.

    Args:
        values: of any shape; not finite ones do not count.
        padding: bool of the same shape, pixels that do not count; None where all do.
        low, high: percentiles, 0 <= low < high <= 100.
    """
    if not 0 <= low < high <= 100:
        raise ScanError(f"Window: expected percentiles with 0 <= low < high <= 100. Received: {low:g} and {high:g}.")
    used = values[~padding] if padding is not None else values
    used = used[np.isfinite(used)]
    if not used.size:
        return Window(0.5, 1.0, "linear_exact", "Automatic (no values)")
    name = f"Automatic ({_ordinal(low)} to {_ordinal(high)} percentile)"
    start, stop = (float(x) for x in np.percentile(used, [low, high]))
    if start == stop:
        name, start, stop = "Automatic (all values)", float(used.min()), float(used.max())
    if start == stop:
        width = max(1.0, abs(start) / 1000)  # wide enough to be told apart from the value in floating point
        return Window(start + width / 2, width, "linear_exact", "Automatic (a single value)")
    return Window(start / 2 + stop / 2, stop - start, "linear_exact", name)


def _windowed(values: np.ndarray, window: Window) -> np.ndarray:
    """float64 0..1, by the formulas of PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1."""
    values = np.nan_to_num(np.asarray(values, np.float64), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    if window.function == "sigmoid":
        with np.errstate(over="ignore"):
            steepness = np.clip(-4 * (values - window.centre) / window.width, -SATURATED, SATURATED)
        return 1 / (1 + np.exp(steepness))
    shift = 0.5 if window.function == "linear" else 0.0
    centre, width = window.centre - shift, window.width - 2 * shift
    if width == 0:  # a linear window of width 1 is a step
        return (values > centre).astype(np.float64)
    with np.errstate(over="ignore"):  # far outside a narrow window is just outside
        return np.clip((values - centre) / width + 0.5, 0, 1)


def _looked_up(values: np.ndarray, lookup: Lookup) -> np.ndarray:
    last = len(lookup.table) - 1
    places = np.nan_to_num(np.floor(np.asarray(values, np.float64)) - lookup.first, nan=0, posinf=last, neginf=0)
    return np.clip(lookup.table, 0, 1).astype(np.float64)[np.clip(places, 0, last).astype(np.intp)]


def _ordinal(number: float) -> str:
    if number != int(number):
        return f"{number:g}th"
    tail = {1: "st", 2: "nd", 3: "rd"}.get(int(number) % 10, "th")
    return f"{int(number)}{'th' if int(number) % 100 in (11, 12, 13) else tail}"
