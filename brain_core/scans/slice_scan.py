"""A decoded slice to `Scan`: grey levels, square pixels, and a size that models can take."""

from __future__ import annotations

import cv2
import numpy as np

from brain_core.errors import ScanError
from brain_core.scans.raster import MAX_ELONGATION, MIN_SIDE
from brain_core.settings import settings

SQUARE = 1.01  # ratio of a pixel's sides up to which it counts as square


def check_size(height: int, width: int, name: str) -> None:
    """Refuse what is too small, too long or too large to be a slice of a head.

    Raises:
        ScanError: the message starts with ``name``.
    """
    if height * width > settings().max_pixels:
        raise ScanError(
            f"{name}: {width} x {height} pixels; pictures of up to {settings().max_megapixels} megapixels are read."
        )
    if min(height, width) < MIN_SIDE:
        raise ScanError(f"{name}: {width} x {height} pixels; a scan needs at least {MIN_SIDE} x {MIN_SIDE}.")
    if max(height, width) > MAX_ELONGATION * min(height, width):
        raise ScanError(f"{name}: {width} x {height} pixels; a strip this long is not a scan of a head.")


def squared_size(height: int, width: int, spacing: tuple[float, float] | None) -> tuple[int, int] | None:
    """(height, width) of the picture once its pixels are squares of their shorter side; None where they are squares.

    Sides that differ more than pictures may be long are not believed.
    """
    if spacing is None or not SQUARE < max(spacing) / min(spacing) <= MAX_ELONGATION:
        return None
    side = min(spacing)
    return max(1, round(height * spacing[0] / side)), max(1, round(width * spacing[1] / side))


def square(
    pixels: np.ndarray, spacing: tuple[float, float] | None, name: str
) -> tuple[np.ndarray, tuple[float, float] | None, tuple[str, ...]]:
    """The picture with square pixels, the spacing that it has then, and a note where it was resampled.

    Raises:
        ScanError: a size that is not read, before or after; the message starts with ``name``.
    """
    check_size(*pixels.shape[:2], name)
    size = squared_size(*pixels.shape[:2], spacing)
    if size is None:
        return pixels, spacing, ()
    check_size(*size, name)
    note = f"Pixels of {spacing[1]:.3g} x {spacing[0]:.3g} mm were resampled to squares of {min(spacing):.3g} mm."
    return resized(pixels, size), (min(spacing), min(spacing)), (note,)


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Linear interpolation to (height, width), any dtype that OpenCV takes."""
    return cv2.resize(np.ascontiguousarray(pixels), size[::-1], interpolation=cv2.INTER_LINEAR)
