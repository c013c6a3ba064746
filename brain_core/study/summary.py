"""One figure for a series: the mean of the most suspicious adjacent slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from brain_core.inference import label_of
from brain_core.study.result import Summary

if TYPE_CHECKING:
    from brain_core.operating_points import OperatingPoint
    from brain_core.registry import ModelCard

ADJACENT = 3  # slices; a lesion worth the name shows on several, and a single outlier does not decide


def summarise(
    card: ModelCard, point: OperatingPoint, probabilities: Sequence[float | None], flagged: Sequence[int] = ()
) -> Summary:
    """The summary of one model.

    A series with fewer than `ADJACENT` slices goes by the mean of all of them.

    Args:
        probabilities: of a tumour, one a slice in order; None where there is none.
        flagged: indices of slices that do not count.
    """
    values = np.array([np.nan if p is None else p for p in probabilities], np.float64)
    values[list(flagged)] = np.nan
    length = min(ADJACENT, len(values))
    start, mean = highest_run(values, length)
    if start is None:
        return Summary(card.name, card.version, point, None, None, (), _too_few(values, length))
    label = label_of(mean, point.threshold)
    run = tuple(range(start, start + length))
    return Summary(card.name, card.version, point, mean, label, run, _method(run, values))


def highest_run(values: np.ndarray, length: int) -> tuple[int | None, float]:
    """Where the ``length`` adjacent values of the highest mean begin, and that mean; (None, NaN) where there are none.

    Args:
        values: float64 (n,); NaN interrupts.
    """
    if not 1 <= length <= len(values):
        return None, float("nan")
    means = np.lib.stride_tricks.sliding_window_view(values, length).mean(axis=1)
    if np.isnan(means).all():
        return None, float("nan")
    start = int(np.nanargmax(means))
    return start, float(means[start])


def _method(run: tuple[int, ...], values: np.ndarray) -> str:
    counted = int(np.isfinite(values).sum())
    if len(run) == 1:
        return f"The probability of slice {run[0] + 1}, the only one of the series."
    if len(run) == len(values):
        return f"Mean probability of all {len(run)} slices of the series."
    return (
        f"Mean probability of the {len(run)} adjacent slices with the highest mean, {run[0] + 1} to {run[-1] + 1}, "
        f"of {counted} assessed in a series of {len(values)}."
    )


def _too_few(values: np.ndarray, length: int) -> str:
    counted = int(np.isfinite(values).sum())
    return f"No summary: no {length} adjacent slices were assessed ({counted} of {len(values)} were)."
