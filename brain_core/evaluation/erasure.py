"""Does a model see the tumour, or what the scan looks like otherwise? The same scan with its tumour erased.

A counterfactual test for shortcuts (Geirhos et al. 2020, Nat Mach Intell 2:665; DeGrave et al. 2021, Nat Mach Intell
3:610): where the outlined tumour gives way to the healthy side of the same head, mirrored, a model that goes by the
tumour should say less of one. What the tumour displaced stays displaced, so that not every trace of it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from brain_core import metrics
from brain_core.evaluation.localisation import Masked
from brain_core.preprocessing import BATCH, head_box
from brain_core.scans import Scan

if TYPE_CHECKING:
    from brain_core.inference import Detector

MARGIN = 8  # pixels around the outline that go as well: its edge and the nearest oedema
FEATHER = 4.0  # pixels, standard deviation of the seam
OVERLAP = 0.1  # of the tumour's area: one that reaches the middle by more than this has no healthy side to stand in


@dataclass(frozen=True)
class Erasure:
    """Of one model on n scans, each with its tumour and without.

    Attributes:
        left_out: scans whose tumour lies across the middle of the head.
        found: share called a tumour as they are.
        still: share called a tumour with the tumour erased; 0 is right.
        change: of the probability, erased less as it is.
        told_apart: ROC-AUC between both; 0.5 is chance.
    """

    source: str
    n: int
    left_out: int
    found: metrics.Estimate
    still: metrics.Estimate
    change: metrics.Estimate
    told_apart: float | None


def erased(case: Masked) -> Scan | None:
    """The scan with the other side of the head, mirrored, in place of its tumour; None where that side has it too."""
    grey, box = case.scan.grey, head_box(case.scan.grey)
    size = grey.shape[1], grey.shape[0]
    flip = np.array([[-1, 0, box.left + box.right - 1], [0, 1, 0]], np.float32)  # at the middle of the head
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN + 1,) * 2)
    gone = cv2.dilate(case.mask.astype(np.uint8), element)
    mirrored = cv2.warpAffine(gone, flip, size, flags=cv2.INTER_NEAREST)
    if (gone & mirrored).sum() > OVERLAP * gone.sum():
        return None
    weight = cv2.GaussianBlur(gone.astype(np.float32), (0, 0), FEATHER)
    healthy = cv2.warpAffine(grey, flip, size)
    pixels = np.round(grey * (1 - weight) + healthy * weight).astype(np.uint8)
    return replace(case.scan, pixels=pixels, name=f"{case.name}, tumour erased")


def erase(cases: list[Masked], detector: Detector, progress=lambda done, total: None) -> Erasure:
    """A model on each scan as it is and erased; ``progress`` is called with (done, total)."""
    pairs = [(case.scan, without) for case in cases if (without := erased(case)) is not None]
    both = []
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        columns = [[p.probability for p in detector.predict(list(scans))] for scans in zip(*batch, strict=True)]
        both += zip(*columns, strict=True)
        progress(len(both), len(pairs))
    before, after = np.array(both).reshape(-1, 2).T
    threshold, each = detector.card.operating_point.threshold, np.arange(len(pairs))

    def estimate(values: np.ndarray) -> metrics.Estimate:
        if not len(values):
            return metrics.Estimate(None, reason="no scan has a healthy side to stand in")
        return metrics.bootstrap(metrics.mean(values.astype(float)), each)

    return Erasure(
        source=detector.card.name,
        n=len(pairs),
        left_out=len(cases) - len(pairs),
        found=estimate(before >= threshold),
        still=estimate(after >= threshold),
        change=estimate(after - before),
        told_apart=metrics.roc_auc([1] * len(before) + [0] * len(after), [*before, *after]) if pairs else None,
    )
