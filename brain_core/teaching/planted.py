"""A lesion drawn into any scan, to see what a model answers to; drawn as those of `brain_core.scans.phantom`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import cv2
import numpy as np

from brain_core.errors import ConfigError
from brain_core.preprocessing import HEAD_CONTRAST, HEAD_MIN_AREA
from brain_core.scans import Scan
from brain_core.scans.phantom import LESION_COVER

NOTE = "A lesion was drawn into this scan."
CORNER = 0.05  # of the shorter side: of the corner patches that tell the background


@dataclass(frozen=True)
class Blob:
    """A round lesion in the coordinates of the picture.

    Attributes:
        x, y: of its centre, as fractions 0..1 of the picture's width from the left and height from the top.
        radius: of the picture's shorter side, above 0 and below 1.
        contrast: grey above the tissue around it, -1..1 of the full range; negative is darker.
        softness: of the radius, over which the edge fades outwards; 0 is a sharp edge.
    """

    x: float
    y: float
    radius: float = 0.09
    contrast: float = 0.45
    softness: float = 0.25

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1 and 0 < self.radius < 1):
            raise ConfigError(
                "Blob: expected a centre inside the picture, x and y in 0..1, and a radius between 0 and 1 of its "
                f"shorter side. Received: x {self.x}, y {self.y}, radius {self.radius}."
            )
        if not -1 <= self.contrast <= 1 or not self.softness >= 0:
            raise ConfigError(
                "Blob: expected a contrast in -1..1 and a softness of at least 0. "
                f"Received: contrast {self.contrast}, softness {self.softness}."
            )


def plant(scan: Scan, blob: Blob) -> Scan:
    """The scan with the lesion blended in: full inside its radius, fading over its soft edge, only inside the head.

    Returns:
        A new scan, ``sha256`` of its pixels; the very scan where the lesion lies outside the head.
    """
    window = _window(blob, scan.height, scan.width)
    head = head_mask(scan.grey)[window]
    distance = np.where(head, _distance(blob, scan.height, scan.width)[window], np.inf)
    weight = np.clip(1 - (distance - 1) / max(blob.softness, 1e-6), 0, 1)
    if not weight.any():
        return scan
    pixels = scan.pixels.copy()
    picture = np.atleast_3d(pixels[window]) / 255  # (height, width, channels)
    around = np.median(picture[distance <= max(1, distance.min())], axis=0)
    weight = weight[..., None]
    cover = LESION_COVER * weight
    drawn = picture * (1 - cover) + cover * around + blob.contrast * weight
    pixels[window] = np.round(np.clip(drawn, 0, 1) * 255).astype(np.uint8).reshape(pixels[window].shape)
    return redrawn(scan, pixels, NOTE)


def mask(blob: Blob, height: int, width: int) -> np.ndarray:
    """Where the lesion is at full contrast in a picture without a head to keep to, bool (height, width)."""
    return _distance(blob, height, width) <= 1


def head_mask(grey: np.ndarray) -> np.ndarray:
    """The largest thing that stands out from the background, with all that it surrounds.

    Args:
        grey: uint8 (height, width).

    Returns:
        bool (height, width); all True where nothing large enough stands out.
    """
    smooth = cv2.GaussianBlur(grey, (5, 5), 0)
    distance = cv2.absdiff(smooth, np.full_like(smooth, int(background(grey))))
    found = (distance > HEAD_CONTRAST * 255).astype(np.uint8)
    contours, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(grey)
    if contours:
        cv2.drawContours(filled, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    head = filled.astype(bool)
    return head if head.mean() >= HEAD_MIN_AREA else np.ones_like(head)


def background(pixels: np.ndarray) -> np.ndarray:
    """Median of the medians of the four corners, uint8, a channel each: () of grey, (3,) of RGB."""
    patch = max(2, round(CORNER * min(pixels.shape[:2])))
    ends = (slice(None, patch), slice(-patch, None))
    corners = [np.median(pixels[rows, columns], axis=(0, 1)) for rows in ends for columns in ends]
    return np.median(corners, axis=0).astype(np.uint8)


def redrawn(scan: Scan, pixels: np.ndarray, *notes: str) -> Scan:
    """The scan with other pixels, which from now on are what it is known by."""
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
    return replace(scan, pixels=pixels, sha256=digest, notes=(*scan.notes, *notes))


def _window(blob: Blob, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns that the lesion with its soft edge reaches: a large scan need not be gone through."""
    reach = blob.radius * (1 + blob.softness) * min(height, width) + 1
    y, x = blob.y * height, blob.x * width
    return slice(max(0, int(y - reach)), int(y + reach) + 1), slice(max(0, int(x - reach)), int(x + reach) + 1)


def _distance(blob: Blob, height: int, width: int) -> np.ndarray:
    """Of every pixel's centre from the lesion's centre, in its radii, float64 (height, width)."""
    y, x = np.ogrid[:height, :width]
    across, along = x + 0.5 - blob.x * width, y + 0.5 - blob.y * height
    return np.hypot(across, along) / (blob.radius * min(height, width))
