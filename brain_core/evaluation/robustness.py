"""How far a probability moves under changes that leave the diagnosis as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import cv2
import numpy as np

BRIGHTER = 30  # grey levels of 255
ASPECT = 1.2  # wider
BORDER = 0.06  # of the shorter side, white, all round
JPEG_QUALITY = 30


def _encode(grey: np.ndarray) -> np.ndarray:
    encoded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)


def _bordered(grey: np.ndarray) -> np.ndarray:
    width = max(1, round(BORDER * min(grey.shape)))
    return cv2.copyMakeBorder(grey, width, width, width, width, cv2.BORDER_CONSTANT, value=255)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    f"wider by {ASPECT - 1:.0%}": lambda grey: cv2.resize(grey, None, fx=ASPECT, fy=1, interpolation=cv2.INTER_LINEAR),
    f"brighter by {BRIGHTER} of 255": lambda grey: cv2.add(grey, np.full_like(grey, BRIGHTER)),
    "mirrored": lambda grey: np.ascontiguousarray(grey[:, ::-1]),
    f"white border of {BORDER:.0%}": _bordered,
    f"JPEG at quality {JPEG_QUALITY}": _encode,
}  # of the scan's own pixels, uint8 (height, width), before preprocessing


@dataclass(frozen=True)
class Shift:
    """Change of the probability of a tumour over a set of scans.

    Attributes:
        mean: of the absolute change. worst: its largest value.
        relabelled: share of scans that come to lie on the other side of the operating point.
        roc_auc: of the changed scans.
    """

    change: str
    mean: float
    worst: float
    relabelled: float
    roc_auc: float | None

    def to_json(self) -> dict:
        return asdict(self)


def shift(change: str, before, after, thresholds, roc_auc: float | None) -> Shift:
    """Compare probabilities before and after a change, both (N,) in 0..1, at each scan's threshold (or one)."""
    before, after = np.asarray(before, float), np.asarray(after, float)
    moved = np.abs(after - before)
    relabelled = (before >= thresholds) != (after >= thresholds)
    return Shift(change, float(moved.mean()), float(moved.max()), float(relabelled.mean()), roc_auc)
