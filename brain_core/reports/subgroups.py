"""Figures by what a picture is like, from stored out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from brain_core import metrics
from brain_core.scored import one_a_group

SMALL, LARGE = 225, 400  # pixels, shorter side
TALL, WIDE = 0.85, 1.05  # width to height


def _resolution(scan: dict) -> str:
    side = min(scan["width"], scan["height"])
    if side < SMALL:
        return f"shorter side below {SMALL} pixels"
    return f"{SMALL} to {LARGE - 1} pixels" if side < LARGE else f"{LARGE} pixels and more"


def _aspect(scan: dict) -> str:
    ratio = scan["width"] / scan["height"]
    if ratio < TALL:
        return f"width to height below {TALL}"
    return f"{TALL} to {WIDE}" if ratio <= WIDE else f"above {WIDE}"


SUBGROUPS: dict[str, Callable[[dict], str]] = {
    "resolution": _resolution,
    "aspect": _aspect,
    "file format": lambda scan: scan["format"],
}


def subgroup_rows(
    scans: list[dict], model: str
) -> list[tuple[str, str, int, int, float | None, float | None, float | None]]:
    """(by, value, n, with tumour, ROC-AUC, sensitivity, specificity), one scan a near-duplicate group.

    Each figure is the mean over the repeats, at the threshold of best balanced accuracy of the fold; None where a
    class is missing.
    """
    distinct = _distinct(scans)
    rows = []
    for by, value_of in SUBGROUPS.items():
        for value in sorted({value_of(scan) for scan in distinct}):
            chosen = [scan for scan in distinct if value_of(scan) == value]
            rows.append((by, value, *_figures(chosen, model)))
    return rows


def as_they_are(scans: list[dict], model: str) -> float:
    """ROC-AUC of the first repeat, one scan a near-duplicate group."""
    distinct = _distinct(scans)
    return metrics.roc_auc([scan["label"] for scan in distinct], [scan["probability"][model][0] for scan in distinct])


def _distinct(scans: list[dict]) -> list[dict]:
    return [scans[i] for i in one_a_group([scan["group"] for scan in scans])]


def _figures(scans: list[dict], model: str) -> tuple[int, int, float | None, float | None, float | None]:
    labels = np.array([scan["label"] for scan in scans])
    p = np.array([scan["probability"][model] for scan in scans])  # (N, R)
    positive = p >= np.array([scan["threshold"][model] for scan in scans])
    both = len(set(labels.tolist())) == 2
    auc = float(np.mean([metrics.roc_auc(labels, column) for column in p.T])) if both else None
    found = float(positive[labels == 1].mean()) if (labels == 1).any() else None
    cleared = float(1 - positive[labels == 0].mean()) if (labels == 0).any() else None
    return len(scans), int(labels.sum()), auc, found, cleared


def worst(scans: list[dict], model: str, count: int = 5) -> tuple[list[dict], list[dict]]:
    """(misses, false alarms) in most repeats, furthest from the truth first; a dict has id, probability and size."""
    wrong: tuple[list[dict], list[dict]] = ([], [])
    for scan in _distinct(scans):
        p, threshold = np.array(scan["probability"][model]), np.array(scan["threshold"][model])
        if np.mean((p >= threshold) != bool(scan["label"])) > 0.5:
            wrong[0 if scan["label"] else 1].append(scan | {"mean": float(p.mean())})
    misses = sorted(wrong[0], key=lambda scan: scan["mean"])[:count]
    return misses, sorted(wrong[1], key=lambda scan: -scan["mean"])[:count]
