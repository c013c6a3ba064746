"""What an input looks like in four numbers, to tell drift by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.scans.scan import Scan


@dataclass(frozen=True)
class InputStatistics:
    """Of one slice.

    Attributes:
        width, height: pixels.
        mean, deviation: of the grey values (luma), 0..255.
    """

    width: int
    height: int
    mean: float
    deviation: float


def of(scan: Scan) -> InputStatistics:
    """Worked out once a scan."""
    return scan.once("statistics", lambda: _measured(scan))


def _measured(scan: Scan) -> InputStatistics:
    import cv2

    mean, deviation = cv2.meanStdDev(scan.grey)
    return InputStatistics(scan.width, scan.height, float(mean[0, 0]), float(deviation[0, 0]))
