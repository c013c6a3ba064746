"""What the models say of a series, slice by slice and in summary: one shape for page, reports and command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brain_core.operating_points import OperatingPoint
from brain_core.scans.series import Series

if TYPE_CHECKING:
    from brain_core.inference import Prediction

CAVEAT = (
    "The models were trained on single slices, mostly with the lesion in view; what their answers mean over a whole "
    "series has not been measured."
)


@dataclass(frozen=True)
class Summary:
    """What one model says of the whole series.

    Attributes:
        value: mean probability of the ``slices``, 0..1; None where too few slices were assessed.
        label: ``"tumor"`` or ``"no tumor"`` by ``operating_point``; None without a value.
        slices: indices (from 0) of the adjacent slices that gave the value, empty without one.
        method: one sentence on how the value was made.
    """

    model: str
    version: str
    operating_point: OperatingPoint
    value: float | None
    label: str | None
    slices: tuple[int, ...]
    method: str


@dataclass(frozen=True, eq=False)
class SeriesResult:
    """A series with its predictions.

    Attributes:
        predictions: by model's name, one a slice in order; None where the slice could not be read.
        errors: message by index of the slices that could not be read.
        flagged: indices of slices that are flat or unlike the training data (by any model's gate): counted, and left
            out of the summaries.
        summaries: one a model, in the models' order.
    """

    series: Series
    predictions: dict[str, tuple[Prediction | None, ...]]
    errors: dict[int, str]
    flagged: tuple[int, ...]
    summaries: tuple[Summary, ...]
    caveat: str = CAVEAT
