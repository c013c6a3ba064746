"""Scans and overlays in PDF reports: square tiles on black, in their true proportions."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image as Pillow
from reportlab.platypus import Flowable, Image, Table

from brain_core.reports.pdf_layout import WIDTH, grid, paragraph

LARGE, SMALL = 512, 192  # pixels, side of a tile in the file
GAP = 6  # points between tiles


def tile(pixels: np.ndarray, side: int, spacing: tuple[float, float] | None = None) -> np.ndarray:
    """A picture in the middle of a black square.

    Args:
        pixels: uint8 RGB (height, width, 3).
        spacing: millimetres between pixel centres (row, column), where they are not square.

    Returns:
        uint8 RGB (side, side, 3).
    """
    height, width = pixels.shape[:2]
    down, across = spacing or (1.0, 1.0)
    factor = side / max(height * down, width * across)
    size = [max(1, min(side, round(each * factor))) for each in (width * across, height * down)]
    shrinks = size[0] < width or size[1] < height
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def side_of(columns: int) -> float:
    """Points of a tile's side, where that many stand beside one another over the whole page."""
    return (WIDTH - (columns - 1) * GAP) / columns


def row(pictures: Sequence[tuple[np.ndarray, Sequence[str]]], side: float, pixels: int, spacing=None) -> Table:
    """Pictures beside one another, each with its lines of text below.

    Args:
        side: of each, in points.
        pixels: side of the picture kept in the file.
    """
    images: list[Flowable] = [_image(tile(picture, pixels, spacing), side) for picture, _ in pictures]
    captions = [[paragraph(line, "caption") for line in lines] for _, lines in pictures]
    widths = [each for _ in pictures for each in (side, GAP)][:-1]
    rows = [[cell for each in line for cell in (each, "")][:-1] for line in (images, captions)]
    return grid(rows, widths, ("RIGHTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, 0), 0))


def _image(pixels: np.ndarray, side: float) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    buffer.seek(0)
    return Image(buffer, side, side)
