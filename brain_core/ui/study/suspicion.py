"""Which slices are worth a look first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult

STRIP = 5  # slices


def most_suspicious(found: SeriesResult, count: int = STRIP) -> tuple[int, ...]:
    """Indices by the higher of the models' probabilities, highest first; no neighbours, no flagged slices."""
    from brain_core.reports.ranking import suspicion

    known = {index: suspicion(found, index) for index in range(len(found.series))}
    ranked = sorted((index for index, value in known.items() if value is not None), key=lambda i: (-known[i], i))
    chosen: list[int] = []
    for index in ranked:
        if len(chosen) < count and all(abs(index - other) > 1 for other in chosen):
            chosen.append(index)
    return tuple(chosen)
