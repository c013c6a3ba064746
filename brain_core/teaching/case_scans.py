"""Scans that show a lesson: found among phantoms by the models in service, or made by a change at the border."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from brain_core import input_gate
from brain_core.evaluation.localisation import hit
from brain_core.evaluation.robustness import BORDER, CHANGES
from brain_core.intervals import Estimate, proportion
from brain_core.palette import SKY_BLUE, YELLOW
from brain_core.preprocessing import BATCH
from brain_core.scans import Scan
from brain_core.scans.phantom import Phantom, draw, lesion_mask, random_phantom

if TYPE_CHECKING:
    from brain_core.inference import Detector, Prediction

FIRST_PHANTOM = 910_000_000  # seeds of no other set of phantoms
PHANTOMS = 16  # with a lesion, looked at for a map that lies beside it
NONE_FOUND = "the model calls none of the phantoms a tumour"
TEXT = "R  12:34  SL 7"


@dataclass(frozen=True, eq=False)
class Pointed:
    """A phantom that a model rightly calls a tumour, and where its map points.

    Attributes:
        mask: bool (height, width), the lesion as drawn.
        peak: (row, column) of the map's maximum in the scan's pixels.
        distance: from there to the lesion, in pixels; 0 inside, infinite for a flat map.
        hit: as in the pointing game, a margin round the lesion counted in.
    """

    scan: Scan
    mask: np.ndarray
    prediction: Prediction
    peak: tuple[int, int]
    distance: float
    hit: bool


@dataclass(frozen=True, eq=False)
class Pointing:
    """Of one model on ``n`` phantoms with a lesion, how many it calls a tumour, and of these the share that it hits.

    Attributes:
        worst: the phantom whose map points farthest from the lesion; None where every map hits or none is there.
    """

    n: int
    called: int
    hits: Estimate
    worst: Pointed | None


def pointing(
    detector: Detector, n: int = PHANTOMS, threshold: float | None = None, others: Sequence[Detector] = ()
) -> Pointing:
    """Ask a model about ``n`` phantoms with a lesion, always the same.

    Args:
        threshold: in place of the model's operating point.
        others: models in service beside it: what their gates stop, it does not classify either.
    """
    gated = [other for other in others if other.gate is not None]
    phantoms = [random_phantom(FIRST_PHANTOM + i, lesion=True) for i in range(n)]
    found: list[Pointed] = []
    for start in range(0, n, BATCH):
        batch = phantoms[start : start + BATCH]
        scans = [draw(phantom) for phantom in batch]
        asked = [detector.predict(scans, threshold=threshold), *(other.predict(scans) for other in gated)]
        said = [input_gate.shared(of_scan)[0] for of_scan in zip(*asked, strict=True)]
        for phantom, scan, prediction in zip(batch, scans, said, strict=True):
            if prediction.assessed and prediction.label == "tumor":
                found.append(_pointed(phantom, scan, prediction))
    beside = [each for each in found if not each.hit and np.isfinite(each.distance)]
    worst = max(beside, key=lambda each: each.distance, default=None)
    return Pointing(n, len(found), proportion(sum(each.hit for each in found), len(found), NONE_FOUND), worst)


def outlined(rgb: np.ndarray, mask: np.ndarray, peak: tuple[int, int] | None = None) -> np.ndarray:
    """A picture with the lesion's outline in sky blue and, where given, a yellow cross at the map's maximum.

    Args:
        rgb: uint8 (height, width, 3).
        mask: bool (height, width).

    Returns:
        uint8 (height, width, 3), a copy.
    """
    marked = np.ascontiguousarray(rgb).copy()
    width = max(2, round(max(mask.shape) / 128))
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(marked, contours, -1, _rgb(SKY_BLUE), width)
    if peak is not None:
        row, column = peak
        size = max(5, round(max(mask.shape) / 20))
        cv2.drawMarker(marked, (column, row), _rgb(YELLOW), cv2.MARKER_CROSS, size, width)
    return marked


def _pointed(phantom: Phantom, scan: Scan, prediction: Prediction) -> Pointed:
    heat, mask = prediction.map_on(scan), lesion_mask(phantom)
    row, column = (int(i) for i in np.unravel_index(int(heat.argmax()), heat.shape))
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = float(away[row, column]) if heat.max() > 0 else float("inf")
    return Pointed(scan, mask, prediction, (row, column), distance, hit(heat, mask))


def _black_border(grey: np.ndarray) -> np.ndarray:
    width = max(1, round(4 * BORDER * min(grey.shape)))
    return cv2.copyMakeBorder(grey, width, width, width, width, cv2.BORDER_CONSTANT, value=0)


def _text(grey: np.ndarray) -> np.ndarray:
    """White letters in the upper left corner, as a viewer burns them in."""
    scale = min(grey.shape) / 512
    written, thickness = grey.copy(), max(1, round(2 * scale))
    place = round(12 * scale), round(34 * scale)
    return cv2.putText(written, TEXT, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)


def _bar(grey: np.ndarray) -> np.ndarray:
    """A white bar along the left edge alone, as of a cut-off frame."""
    marked, width = grey.copy(), max(1, round(BORDER * min(grey.shape)))
    marked[:, :width] = 255
    return marked


MARKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "White frame": CHANGES[f"white border of {BORDER:.0%}"],
    "Black border": _black_border,
    "Text in a corner": _text,
    "White bar at one edge": _bar,
}  # of the scan's own pixels, uint8 (height, width)


def marked(scan: Scan, mark: str) -> Scan:
    """The scan with a mark of `MARKS` at its border, as a scan of its own."""
    pixels = MARKS[mark](np.ascontiguousarray(scan.grey))
    digest = hashlib.sha256(pixels.tobytes() + str(pixels.shape).encode()).hexdigest()
    return replace(scan, pixels=pixels, sha256=digest)


def with_marks(scan: Scan) -> dict[str, Scan]:
    """The scan with each of `MARKS`, by name."""
    return {mark: marked(scan, mark) for mark in MARKS}


def most_moved(detectors: Sequence[Detector], scans: Sequence[Scan]) -> tuple[int, str]:
    """Which of the scans, by position, and which mark on it move the probability of any model farthest.

    Only scans count that are classified with and without the mark; without any, the first scan and mark.
    """
    farthest, found = -1.0, (0, next(iter(MARKS)))
    for place, scan in enumerate(scans):
        changed = with_marks(scan)
        asked = [detector.predict([scan, *changed.values()]) for detector in detectors]
        before, *after = (input_gate.shared(of_scan) for of_scan in zip(*asked, strict=True))
        for mark, said in zip(changed, after, strict=True):
            for first, then in zip(before, said, strict=True):
                moved = abs(then.probability - first.probability)
                if first.assessed and then.assessed and moved > farthest:
                    farthest, found = moved, (place, mark)
    return found


def _rgb(color: str) -> tuple[int, int, int]:
    """Of ``#RRGGBB``."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue
