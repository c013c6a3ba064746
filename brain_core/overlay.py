"""Heatmaps on scans: placing, colouring and blending; pure array functions."""

from __future__ import annotations

import cv2
import numpy as np

from brain_core.errors import ConfigError
from brain_core.preprocessing import Box

# Perceptually uniform or at least monotone in lightness, and safe for colour-blind readers; jet is for those who
# know it from the literature and is not.
COLORMAPS = {
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "jet": cv2.COLORMAP_JET,
}
DEFAULT_COLORMAP = "inferno"
DEFAULT_OPACITY = 0.5


def place(heatmap: np.ndarray, box: Box, height: int, width: int) -> np.ndarray:
    """A model's heatmap in the scan's own pixels.

    Args:
        heatmap: float32 (h, w), 0..1, over the square that the model saw.
        box: that square in the scan's pixels.

    Returns:
        float32 (height, width), 0..1; 0 where the model saw nothing.
    """
    seen = cv2.resize(np.asarray(heatmap, np.float32), (box.width, box.height), interpolation=cv2.INTER_LINEAR)
    placed = np.zeros((height, width), np.float32)
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(height, box.bottom), min(width, box.right)
    placed[top:bottom, left:right] = seen[top - box.top : bottom - box.top, left - box.left : right - box.left]
    return placed


def colorize(heatmap: np.ndarray, colormap: str = DEFAULT_COLORMAP) -> np.ndarray:
    """float (h, w) in 0..1 to uint8 RGB (h, w, 3).

    Raises:
        ConfigError: no such colour map.
    """
    if colormap not in COLORMAPS:
        raise ConfigError(f"Colour map: expected one of {', '.join(COLORMAPS)}. Received: {colormap!r}.")
    return cv2.cvtColor(cv2.applyColorMap(to_8_bit(heatmap), COLORMAPS[colormap]), cv2.COLOR_BGR2RGB)


def blend(
    rgb: np.ndarray, heatmap: np.ndarray, opacity: float = DEFAULT_OPACITY, colormap: str = DEFAULT_COLORMAP
) -> np.ndarray:
    """The heatmap over the scan; its own value scales the opacity, so that what is cold stays readable.

    Args:
        rgb: uint8 (h, w, 3).
        heatmap: float (h, w), 0..1.
        opacity: 0 (scan alone) to 1.

    Returns:
        uint8 (h, w, 3).
    """
    alpha = (np.asarray(heatmap, np.float32) * opacity)[..., None]
    return np.round(rgb * (1 - alpha) + colorize(heatmap, colormap) * alpha).astype(np.uint8)


def to_8_bit(heatmap: np.ndarray) -> np.ndarray:
    """float (h, w) in 0..1 to uint8, 0..255 over 0..1."""
    return np.round(np.clip(heatmap, 0, 1) * 255).astype(np.uint8)
