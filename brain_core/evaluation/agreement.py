"""How far two heatmaps of one scan agree; pure functions on arrays.

Compared inside the box of the head only: the ground around it is cold in both maps, which would pass for agreement.
Rank correlation of heatmaps: Adebayo et al. 2018, arXiv:1810.03292. Overlap: Jaccard 1912, New Phytologist 11:37.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.stats import spearmanr

from brain_core.preprocessing import Box

# A side. The custom CNN's map has 56 of its own, the ResNet50's 7: finer cells would hold interpolation, coarser ones
# blur the first; and a scan of many pixels counts like one of few.
CELLS = 28
DIGITS = 6  # kept of a cell: what differs only by the rounding of float32 is equal, so a tie
HOT = 0.1  # share of the cells that the overlap looks at
CHANCE_OVERLAP = HOT / (2 - HOT)  # 0.053, of independent maps; see `overlap`


@dataclass(frozen=True)
class Agreement:
    """Of two heatmaps of one scan.

    Attributes:
        correlation: Spearman's rank correlation of the cells, -1..1; 0 of independent maps.
        overlap: Jaccard overlap of the hottest tenths of the cells, 0..1; `CHANCE_OVERLAP` of independent maps.
        reason: why both are None: a map is flat inside the head.
    """

    correlation: float | None
    overlap: float | None
    reason: str | None = None


def agreement(
    first: np.ndarray, second: np.ndarray, head: Box, names: tuple[str, str] = ("the first", "the second")
) -> Agreement:
    """How far two heatmaps of a scan agree inside the head.

    Args:
        first, second: float (height, width), 0 or more, on the scan.
        head: `head_box` of the scan.
        names: of the maps' models, for the reason.

    Raises:
        ValueError: the maps differ in shape.
    """
    if first.shape != second.shape:
        raise ValueError(f"Heatmaps: expected two of one shape. Received: {first.shape} and {second.shape}.")
    cells = [head_cells(each, head) for each in (first, second)]
    if flat := [name for name, each in zip(names, cells, strict=True) if is_flat(each)]:
        return Agreement(None, None, f"flat inside the head: the heatmap of {' and of '.join(flat)}")
    return Agreement(rank_correlation(*cells), overlap(*cells))


def head_cells(heatmap: np.ndarray, head: Box) -> np.ndarray:
    """The map's means over a grid of the head's box.

    Args:
        heatmap: float (height, width), 0 or more, on the scan.
        head: `head_box` of the scan, which does not reach beyond it.

    Returns:
        float32 (CELLS, CELLS), rounded to `DIGITS`.
    """
    inside = np.ascontiguousarray(head.of(heatmap), np.float32)
    return np.round(cv2.resize(inside, (CELLS, CELLS), interpolation=cv2.INTER_AREA), DIGITS)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float | None:
    """Spearman's, -1..1, of the cells of two maps of one shape, ties at their mean rank; None where one is flat."""
    if is_flat(first) or is_flat(second):
        return None
    return float(np.clip(spearmanr(first.ravel(), second.ravel()).statistic, -1, 1))  # rounding may pass 1


def overlap(first: np.ndarray, second: np.ndarray) -> float | None:
    """Cells `hottest` in both maps as a share of those hottest in either, 0..1; None where a map is flat.

    The chance level: of N cells, two independent tenths share 0.1 * 0.1 * N and cover (0.1 + 0.1 - 0.1 * 0.1) * N
    together, so that independent maps overlap by 0.01 / 0.19 = 0.1 / (2 - 0.1) = 0.053, `CHANCE_OVERLAP`.

    Args:
        first, second: float, 0 or more, of one shape.
    """
    if is_flat(first) or is_flat(second):
        return None
    one, two = hottest(first), hottest(second)
    return float((one & two).sum() / (one | two).sum())


def hottest(cells: np.ndarray) -> np.ndarray:
    """The hottest tenth, bool in the shape of ``cells``.

    It is what reaches the value of the k-th hottest cell, k a tenth of their number, and is above 0. Cells that tie
    with the k-th all belong to it, so that their order decides nothing: a plateau makes it more than a tenth. A cell
    of 0 never does: a map that is cold almost everywhere makes it less.

    Args:
        cells: float, 0 or more, any shape.
    """
    k = max(1, round(HOT * cells.size))
    return (cells >= np.partition(cells, -k, axis=None)[-k]) & (cells > 0)


def is_flat(cells: np.ndarray) -> bool:
    """Whether all cells are equal, so that none is hotter; NaN counts as flat."""
    return not cells.max() > cells.min()
