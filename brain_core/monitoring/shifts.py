"""Drift of scores and inputs of one version of a model, one value a case.

Slices of a series depend on each other, so that hundreds of them say little more than one: of inputs a series stands in
with the median of its slices. Its score is a mean of the most suspicious slices, to which no held-out prediction of a
single slice can be compared: scores are those of single slices alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.monitoring.columns import Columns
from brain_core.monitoring.drift import Shift, shift
from brain_core.monitoring.references import MEASURES, SCORE, References, rounded_score
from brain_core.training.input_reference import rounded

NO_CASES = "no case in this time"


@dataclass(frozen=True)
class MeasuredShift:
    """Of one measure.

    Attributes:
        left_out: series whose score has no counterpart.
        reason: why nothing is compared; None where it is.
    """

    measure: str
    shift: Shift
    left_out: int = 0
    reason: str | None = None


def shifts(predictions: Columns, references: References) -> tuple[MeasuredShift, ...]:
    """Of every measure of `MEASURES`.

    Args:
        predictions: of one version of a model.
    """
    series = len(np.unique(predictions.case[predictions.series]))
    found = []
    for measure in MEASURES:
        current = current_of(predictions, measure)
        reference = references.values.get(measure, np.zeros(0))
        reason = references.reasons.get(measure) or (None if len(current) else NO_CASES)
        left_out = series if measure == SCORE else 0
        found.append(MeasuredShift(measure, shift(reference, current), left_out, reason))
    return tuple(found)


def current_of(predictions: Columns, measure: str) -> np.ndarray:
    """One value a case, rounded as the reference: float (N,)."""
    if measure == SCORE:
        latest = predictions.one_a_case()
        return rounded_score(latest.probability[latest.single & latest.assessed])
    slices = predictions.take(predictions.slices)
    return rounded(measure, median_of_cases(_values(slices, measure), slices.case))


def median_of_cases(values: np.ndarray, case: np.ndarray) -> np.ndarray:
    """Of every case the median of its values, the lower one of two, NaN left out.

    Args:
        values: float (N,).
        case: int (N,).
    """
    known = np.isfinite(values)
    values, case = values[known], case[known]
    if not len(values):
        return values
    order = np.lexsort((values, case))
    values, case = values[order], case[order]
    first = np.flatnonzero(np.append(True, case[1:] != case[:-1]))
    counts = np.diff(np.append(first, len(case)))
    return values[first + (counts - 1) // 2]


def _values(slices: Columns, measure: str) -> np.ndarray:
    if measure == "aspect":
        return slices.width / slices.height
    return getattr(slices, measure)
