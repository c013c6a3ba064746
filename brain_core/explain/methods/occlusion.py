"""Occlusion sensitivity (Zeiler and Fergus 2014): cover a patch, and see by how much the answer falls."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from brain_core.explain.methods.scores import logits
from brain_core.explain.progress import Told, nobody
from brain_core.explain.split import Split

PATCHES = 14  # a side; they overlap by half
BATCH = 8


def occlusion(
    split: Split,
    scan: np.ndarray,
    sign: float,
    *,
    patches: int = PATCHES,
    told: Told = nobody,
) -> np.ndarray:
    """How much the target's logit falls where a patch is covered, mean over the patches that cover a pixel.

    A patch is covered with the scan's own background, the median of its corners.

    Args:
        scan: float32 (height, width, 3), as the model takes it.
        sign: 1 where the tumour is explained, -1 where its absence is.
        patches: a side.

    Returns:
        float32 (height, width), 0 or more, in units of the logit.
    """
    height, width = scan.shape[:2]
    fall, covered = np.zeros((height, width)), np.zeros((height, width))
    whole = sign * logits(split, scan[None])[0]
    places = list(_places(height, width, patches))
    for start in range(0, len(places), BATCH):
        some = places[start : start + BATCH]
        scores = sign * logits(split, np.stack([_covered(scan, rows, columns) for rows, columns in some]))
        for (rows, columns), score in zip(some, scores, strict=True):
            fall[rows, columns] += whole - score
            covered[rows, columns] += 1
        told(min(1.0, (start + BATCH) / len(places)))
    return np.maximum(fall / np.maximum(covered, 1), 0).astype(np.float32)


def background(scan: np.ndarray) -> np.ndarray:
    """The median of a scan's four corners, by channel, (3,)."""
    return np.median(scan[[0, 0, -1, -1], [0, -1, 0, -1]], axis=0)


def _covered(scan: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    changed = scan.copy()
    changed[rows, columns] = background(scan)
    return changed


def _places(height: int, width: int, patches: int) -> Iterator[tuple[slice, slice]]:
    """Squares of two steps, a step apart, so that every pixel but those of the border lies under four."""
    step_y, step_x = max(1, round(height / patches)), max(1, round(width / patches))
    for top in range(-step_y, height, step_y):
        for left in range(-step_x, width, step_x):
            yield slice(max(0, top), top + 2 * step_y), slice(max(0, left), left + 2 * step_x)
