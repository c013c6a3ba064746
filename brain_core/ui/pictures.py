"""Pictures at the size of a screen."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from brain_core import overlay
from brain_core.preprocessing import Box
from brain_core.scans import Scan

if TYPE_CHECKING:
    from brain_core.inference import Prediction

THUMBNAIL_SIDE = 96  # pixels
SCREEN_SIDE = 900  # pixels; a larger scan is shown smaller, downloads keep its own size


def thumbnail(scan: Scan) -> str:
    """A small square picture as a data URL; no text of the file gets into it."""
    buffer = io.BytesIO()
    square(scan, THUMBNAIL_SIDE).save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def square(scan: Scan, side: int) -> Image.Image:
    """The whole scan in a black square of ``side`` pixels, never enlarged."""
    small = Image.fromarray(scan.rgb)
    small.thumbnail((side, side))
    framed = Image.new("RGB", (side, side))
    framed.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return framed


def on_screen(scan: Scan) -> np.ndarray:
    """The scan, uint8 RGB (h, w, 3), no side above `SCREEN_SIDE`."""
    factor = _factor(scan)
    if factor == 1:
        return scan.rgb
    size = (max(1, round(scan.width * factor)), max(1, round(scan.height * factor)))
    return cv2.resize(scan.rgb, size, interpolation=cv2.INTER_AREA)


def overlay_on_screen(scan: Scan, prediction: Prediction, opacity: float, colormap: str) -> np.ndarray:
    """`on_screen` with the heatmap over it."""
    rgb, factor, box = on_screen(scan), _factor(scan), prediction.box
    top, left = round(box.top * factor), round(box.left * factor)
    height, width = max(1, round(box.height * factor)), max(1, round(box.width * factor))
    placed = overlay.place(prediction.heatmap, Box(top, left, top + height, left + width), *rgb.shape[:2])
    return overlay.blend(rgb, placed, opacity, colormap)


def _factor(scan: Scan) -> float:
    return min(1.0, SCREEN_SIDE / max(scan.height, scan.width))
