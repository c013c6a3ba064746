"""Which slices of a series a report shows, and how many do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult


def suspicion(result: SeriesResult, index: int) -> float | None:
    """The highest probability that any model gives the slice; None where it was not assessed or does not count."""
    if index in result.flagged:
        return None
    found = [column[index].probability for column in result.predictions.values() if column[index] is not None]
    return max(found, default=None)


def suspicious(result: SeriesResult, count: int) -> tuple[int, ...]:
    """Indices (from 0) of the most suspicious slices that count, most suspicious first; of equals the lower one."""
    known = {index: suspicion(result, index) for index in range(len(result.series))}
    ranked = sorted((index for index, value in known.items() if value is not None), key=lambda i: (-known[i], i))
    return tuple(ranked[:count])


def counts(result: SeriesResult) -> str:
    """How many slices do not count, in a sentence."""
    return (
        f"{len(result.flagged)} of {len(result.series)} slices were flagged as flat or unlike the training data and "
        f"{len(result.errors)} could not be read; neither count in the result."
    )
