"""Several methods on one scan: their maps, what they cost, and how faithful they are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brain_core.explain.explained import FLAT
from brain_core.explain.methods import METHODS, Method
from brain_core.explain.perturbation import Answer, Curve, deletion, insertion
from brain_core.explain.progress import Told, nobody

if TYPE_CHECKING:
    from brain_core.explain.split import Split

CURVES_SHARE = 0.3  # of a method's progress that goes to its curves


@dataclass(frozen=True, eq=False)
class Compared:
    """What a method says of a scan.

    Attributes:
        heatmap: float32 (h, w), 0..1; all zero where it is ``flat``.
        seconds: for the map alone.
        deletion: how the target's probability falls while the hottest pixels are blurred away; None of a flat map,
            which puts no pixel before another.
        insertion: how it rises while they are put back; likewise.
    """

    method: Method
    heatmap: np.ndarray
    flat: bool
    seconds: float
    deletion: Curve | None
    insertion: Curve | None


def compare(name: str, split: Split, scan: np.ndarray, sign: float, answer: Answer, told: Told = nobody) -> Compared:
    """One method.

    Args:
        name: of `METHODS`.
        scan: float32 (height, width, 3), as the model takes it.
        sign: 1 where the tumour is explained, -1 where its absence is.
        answer: probabilities of the target.
    """
    method, start = METHODS[name], time.perf_counter()
    options = {} if method.at_layer else {"told": lambda share: told((1 - CURVES_SHARE) * share)}
    heatmap = method.work(split, scan, sign, **options)
    seconds = time.perf_counter() - start
    told(1 - CURVES_SHARE)
    peak = float(heatmap.max())
    if not FLAT < peak < np.inf:
        told(1.0)
        return Compared(method, np.zeros_like(heatmap), True, seconds, None, None)
    scaled = (heatmap / peak).astype(np.float32)
    taken = deletion(answer, scan, scaled)
    told(1 - CURVES_SHARE / 2)
    put_back = insertion(answer, scan, scaled)
    told(1.0)
    return Compared(method, scaled, False, seconds, taken, put_back)
