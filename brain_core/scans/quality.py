"""Is this a picture that the models were made for? Simple measures, told to the user and never hidden.

A flag does not stop an assessment; it says why its result deserves less trust.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from brain_core.scans import statistics
from brain_core.scans.scan import Scan

TINY, FLAT, COLOURED, NOT_BRAIN_LIKE = "tiny", "flat", "coloured", "not-brain-like"

# The limits were set on the Kaggle data set of 253 scans: what is said of it here describes the data chosen on.
MIN_SIDE = 100  # pixels; of a smaller picture the models' 224 x 224 input is mostly interpolation
MIN_STD = 8.0  # grey levels; the flattest of the 253 scans has 30
COLOUR_SPREAD = 30  # grey levels between a pixel's largest and smallest channel; JPEG makes smaller ones
COLOUR_SHARE = 0.08  # of the pixels; captions cover at most 0.04 in the 253 scans

# A picture outside any of these limits is not brain-like. False alarms in the Kaggle data set of 253 scans: 12
# (4.7 %), most of them cut so tightly that the head fills the picture. Photographs of one round thing on an even
# background pass.
WORKING_SIDE = 256  # pixels, longer side of the copy that is measured
BACKGROUND_CONTRAST = 20  # grey levels; a pixel this far from the background belongs to the head
MIN_CORNERS = 2  # of four that show the background; neck or nose may hide the others
AREA = (0.15, 0.96)  # of the picture
ASPECT = (0.55, 1.6)  # width / height of the head's box
MIN_ROUNDNESS = 0.76  # overlap (Jaccard index) with the ellipse inscribed in the head's box
MIN_SYMMETRY = 0.20  # correlation of a 16 x 16 thumbnail with its mirror image, left-right or front-back
MAX_CONTACT = 0.45  # of the picture's border that the head touches
DETAIL = (0.10, 0.60)  # mean absolute Laplacian over standard deviation, of a 128 x 128 copy

DESCRIPTIONS = {
    TINY: f"The picture is small (under {MIN_SIDE} pixels on a side): detail that the models need is missing.",
    FLAT: "The picture has almost no contrast.",
    COLOURED: "The picture is coloured; MRI scans are grey. It may be a colour map, a photograph or a fused image.",
    NOT_BRAIN_LIKE: "The picture does not look like a brain MRI slice; the models answer for brain MRI only.",
}


@dataclass(frozen=True)
class HeadMeasures:
    """Simple measures of the largest thing that stands out from the background; see the limits for their units."""

    corners: int
    area: float
    aspect: float
    roundness: float
    symmetry: float
    contact: float
    detail: float

    @property
    def brain_like(self) -> bool:
        return (
            self.corners >= MIN_CORNERS
            and AREA[0] <= self.area <= AREA[1]
            and ASPECT[0] <= self.aspect <= ASPECT[1]
            and self.roundness >= MIN_ROUNDNESS
            and self.symmetry >= MIN_SYMMETRY
            and self.contact <= MAX_CONTACT
            and DETAIL[0] <= self.detail <= DETAIL[1]
        )


def quality_flags(scan: Scan) -> tuple[str, ...]:
    """Codes of all that is unusual about a scan, keys of `DESCRIPTIONS` in their order; empty if nothing is."""
    return scan.once("quality flags", lambda: _flags(scan))


def _flags(scan: Scan) -> tuple[str, ...]:
    measures = head_measures(scan.grey)
    found = {
        TINY: min(scan.height, scan.width) < MIN_SIDE,
        FLAT: statistics.of(scan).deviation < MIN_STD,
        COLOURED: coloured_share(scan.pixels) > COLOUR_SHARE,
        NOT_BRAIN_LIKE: measures is None or not measures.brain_like,
    }
    return tuple(code for code in DESCRIPTIONS if found[code])


def coloured_share(pixels: np.ndarray) -> float:
    """Share 0..1 of the pixels that are clearly not grey.

    Args:
        pixels: uint8 (height, width) or (height, width, 3).
    """
    if pixels.ndim == 2:
        return 0.0
    red, green, blue = cv2.split(pixels)
    spread = cv2.subtract(cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue))
    return np.count_nonzero(spread > COLOUR_SPREAD) / spread.size


def head_measures(grey: np.ndarray) -> HeadMeasures | None:
    """Measures of the head in a picture, None where nothing stands out from the background.

    Args:
        grey: uint8 (height, width).
    """
    factor = WORKING_SIDE / max(grey.shape)
    size = [max(8, round(side * factor)) for side in grey.shape[::-1]]
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    small = cv2.GaussianBlur(small, (5, 5), 0)
    corners = _corner_levels(small)
    distance = np.abs(small - np.median(corners))
    level = max(BACKGROUND_CONTRAST, 0.15 * float(np.percentile(distance, 99)))
    head = _largest_filled((distance > level).astype(np.uint8))
    if head is None:
        return None
    x, y, width, height = cv2.boundingRect(head)
    border = (head[0], head[-1], head[:, 0], head[:, -1])
    return HeadMeasures(
        corners=int(np.sum(np.abs(corners - np.median(corners)) <= level)),
        area=float(head.mean()),
        aspect=width / height,
        roundness=_roundness(head[y : y + height, x : x + width]),
        symmetry=_symmetry(small[y : y + height, x : x + width]),
        contact=float(np.mean([side.mean() for side in border])),
        detail=_detail(small),
    )


def _corner_levels(grey: np.ndarray) -> np.ndarray:
    """Median grey of the four corners, float64 (4,)."""
    patch = max(2, min(grey.shape) // 20)
    ends = (slice(None, patch), slice(-patch, None))
    return np.array([np.median(grey[rows, columns]) for rows in ends for columns in ends])


def _largest_filled(mask: np.ndarray) -> np.ndarray | None:
    """The largest connected part of a mask without its holes, uint8 0 or 1."""
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8), iterations=2)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    return cv2.drawContours(np.zeros_like(mask), [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)


def _roundness(head: np.ndarray) -> float:
    height, width = head.shape
    y, x = np.ogrid[:height, :width]
    ellipse = np.hypot(2 * (x + 0.5) / width - 1, 2 * (y + 0.5) / height - 1) <= 1
    return float((ellipse & (head > 0)).sum() / (ellipse | (head > 0)).sum())


def _symmetry(grey: np.ndarray) -> float:
    small = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float64)
    small -= small.mean()
    energy = float((small**2).sum())
    if energy == 0:
        return 0.0
    return max(float((small * mirror).sum()) for mirror in (small[:, ::-1], small[::-1])) / energy


def _detail(grey: np.ndarray) -> float:
    small = cv2.resize(grey, (128, 128), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.abs(cv2.Laplacian(small, cv2.CV_32F)).mean() / max(float(grey.std()), 1.0))
