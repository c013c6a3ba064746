"""What all slices of a series are shown with, from a few of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from brain_core.errors import ScanError, ShortageError
from brain_core.scans import window
from brain_core.scans.frame import Frame
from brain_core.scans.window import Lookup, Voi

MOST_SLICES = 12  # spread evenly; percentiles of a head hardly move with more
MOST_VALUES = 1 << 16  # of each
MOST_PRESETS = 16


@dataclass(frozen=True, eq=False)
class Sample:
    """What a sample of slices says.

    Attributes:
        automatic: from the percentiles of all their values together.
        first: the first window that the middle slice's file offers, None where it has none.
        presets: distinct windows, named, the automatic one last.
    """

    automatic: Voi
    first: Voi | None
    presets: tuple[Voi, ...]


def sample(count: int, frame: Callable[[int], Frame]) -> Sample:
    """Look at up to `MOST_SLICES` of ``count`` slices; those that cannot be read do not count.

    Args:
        frame: decodes one; may raise `ScanError`.

    Raises:
        ShortageError: of a slice.
    """
    indices = sorted({*np.linspace(0, count - 1, min(count, MOST_SLICES)).round().astype(int).tolist(), count // 2})
    values, windows, middle = [], [], ()
    for index in indices:
        try:
            decoded = frame(index)
        except ShortageError:
            raise  # the others would make another window, and for good
        except ScanError:
            continue
        windows.extend(decoded.windows)
        middle = decoded.windows if index == count // 2 or not middle else middle
        if not decoded.is_colour:
            values.append(_some(decoded))
    automatic = window.of_percentiles(np.concatenate(values) if values else np.empty(0, np.float32))
    presets = (*_named(_distinct(windows))[: MOST_PRESETS - 1], automatic)
    return Sample(automatic, middle[0] if middle else None, presets)


def _some(frame: Frame) -> np.ndarray:
    """Up to `MOST_VALUES` of a slice, spread evenly over what is no padding."""
    used = frame.values[~frame.padding] if frame.padding is not None else frame.values.reshape(-1)
    return used[:: max(1, -(-used.size // MOST_VALUES))].copy()


def _distinct(windows: list[Voi]) -> list[Voi]:
    known: dict[object, Voi] = {}
    for each in windows:
        key = (each.first, each.table.tobytes(), each.name) if isinstance(each, Lookup) else each
        known.setdefault(key, each)
    return list(known.values())


def _named(windows: list[Voi]) -> list[Voi]:
    """Each with a name of its own: as the file says, and where that is not enough, its numbers."""
    found: list[Voi] = []
    for number, each in enumerate(windows, 1):
        alike = sum(other.name == each.name for other in windows) > 1
        if isinstance(each, Lookup):
            name = each.name if each.name and not alike else f"{each.name or 'Table'} {number}"
        else:
            numbers = f"centre {each.centre:g}, width {each.width:g}"
            name = f"{each.name} ({numbers})" if each.name and alike else each.name or f"C{numbers[1:]}"
        found.append(replace(each, name=name))
    return found
