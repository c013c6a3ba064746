"""Text burned into a picture, below it and never over it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

LEAST_WIDTH = 512  # pixels; a narrower picture is enlarged by a whole number so that its caption can be read
FONT_SIZE = 16  # pixels, of a picture of `LEAST_WIDTH`; grows with it
MARGIN = 0.5  # of the font's size
INK, PAPER = (235, 235, 235), (0, 0, 0)


def font_file(bold: bool = False) -> Path:
    """DejaVu Sans as matplotlib ships it; its licence lets it be embedded."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"DejaVuSans{'-Bold' if bold else ''}.ttf"


def with_caption(pixels: np.ndarray, lines: Sequence[str]) -> tuple[np.ndarray, int]:
    """The picture with lines of text on a strip below it.

    Args:
        pixels: uint8 RGB (height, width, 3).
        lines: broken where they are too long for the width.

    Returns:
        uint8 RGB (height * factor + strip, width * factor, 3), and the whole ``factor`` that it was enlarged by.
    """
    factor = max(1, -(-LEAST_WIDTH // pixels.shape[1]))
    large = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    width = large.shape[1]
    size = max(8, round(FONT_SIZE * width / LEAST_WIDTH / max(1, width / 1024)))
    font = ImageFont.truetype(str(font_file()), size)
    margin = round(MARGIN * size)
    broken = [part for line in lines for part in _broken(line, font, width - 2 * margin)]
    step = round(1.35 * size)
    strip = Image.new("RGB", (width, step * len(broken) + 2 * margin), PAPER)
    draw = ImageDraw.Draw(strip)
    for number, line in enumerate(broken):
        draw.text((margin, margin + number * step), line, INK, font)
    return np.vstack([large, np.asarray(strip)]), factor


def _broken(line: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """A line broken between words, where it is wider than that many pixels."""
    found, current = [], ""
    for word in line.split():
        longer = f"{current} {word}".strip()
        if current and font.getlength(longer) > width:
            found.append(current)
            longer = word
        current = longer
    return [*found, current] if current else found
