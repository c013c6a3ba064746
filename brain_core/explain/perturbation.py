"""Is a map faithful? Take away, or put back, what it calls important, and watch the answer (Petsiuk et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

STEPS = 20
BLUR = 0.06  # of the longer side: the scan with its details taken away, from which insertion starts


@dataclass(frozen=True, eq=False)
class Curve:
    """How an answer moves with the share of pixels that were changed.

    Attributes:
        shares: float64 (steps + 1,), 0..1.
        probabilities: float64 (steps + 1,), of the target.
    """

    shares: np.ndarray
    probabilities: np.ndarray

    @property
    def area(self) -> float:
        """Under the curve, 0..1: small is good for deletion, large for insertion."""
        return float(np.trapezoid(self.probabilities, self.shares))


Answer = Callable[[np.ndarray], np.ndarray]
"""From scans (N, height, width, 3), as the model takes them, to probabilities of the target (N,)."""


def deletion(answer: Answer, scan: np.ndarray, heatmap: np.ndarray, *, steps: int = STEPS) -> Curve:
    """The hottest pixels are blurred away first.

    Args:
        scan: float32 (height, width, 3).
        heatmap: (h, w) of any size and scale, laid over the scan.
    """
    return _curve(answer, scan, _blurred(scan), heatmap, steps)


def insertion(answer: Answer, scan: np.ndarray, heatmap: np.ndarray, *, steps: int = STEPS) -> Curve:
    """The hottest pixels are put back into the blurred scan first; arguments as of `deletion`."""
    return _curve(answer, _blurred(scan), scan, heatmap, steps)


def _curve(answer: Answer, start: np.ndarray, end: np.ndarray, heatmap: np.ndarray, steps: int) -> Curve:
    height, width = start.shape[:2]
    laid = cv2.resize(np.asarray(heatmap, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    order = np.argsort(-laid, axis=None, kind="stable")
    shares = np.arange(steps + 1) / steps
    pictures = []
    for share in shares:
        chosen = np.zeros(height * width, bool)
        chosen[order[: round(share * order.size)]] = True
        pictures.append(np.where(chosen.reshape(height, width, 1), end, start))
    answers = [np.asarray(answer(np.stack(pictures[i : i + 4])), np.float64) for i in range(0, len(pictures), 4)]
    return Curve(shares, np.concatenate(answers))


def _blurred(scan: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(scan, (0, 0), BLUR * max(scan.shape[:2]))
