"""Integrated gradients (Sundararajan et al. 2017): what each pixel adds on the way from a blank to the scan."""

from __future__ import annotations

import numpy as np

from brain_core.explain.methods.occlusion import background
from brain_core.explain.methods.scores import pixel_gradients
from brain_core.explain.progress import Told, nobody
from brain_core.explain.split import Split

STEPS = 32
BATCH = 4


def integrated_gradients(
    split: Split,
    scan: np.ndarray,
    sign: float,
    *,
    steps: int = STEPS,
    told: Told = nobody,
) -> np.ndarray:
    """Size of what each pixel adds to the logit, its three channels together; float32 (height, width), 0 or more."""
    return np.abs(sign * attributions(split, scan, steps=steps, told=told).sum(axis=2)).astype(np.float32)


def attributions(split: Split, scan: np.ndarray, *, steps: int = STEPS, told: Told = nobody) -> np.ndarray:
    """What each value adds to the logit of a tumour, float64 (height, width, 3).

    Together they are the logit of the scan less that of an even picture of its background (completeness), up to the
    error of ``steps`` steps of the midpoint rule.

    Args:
        scan: float32 (height, width, 3), as the model takes it.
    """
    start = np.broadcast_to(background(scan), scan.shape).astype(np.float32)
    middles = (np.arange(steps) + 0.5) / steps
    total = np.zeros(scan.shape)
    for first in range(0, steps, BATCH):
        part = middles[first : first + BATCH, None, None, None].astype(np.float32)
        total += pixel_gradients(split, start + part * (scan - start)).sum(axis=0, dtype=np.float64)
        told(min(1.0, (first + BATCH) / steps))
    return (scan - start) * total / steps
