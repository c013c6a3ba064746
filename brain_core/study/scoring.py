"""A series through the models, a batch at a time; slices are decoded as they are needed and not kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brain_core import input_gate
from brain_core.errors import ScanError
from brain_core.preprocessing import BATCH, places
from brain_core.scans import Scan
from brain_core.scans.quality import quality_flags
from brain_core.scans.series import Series
from brain_core.study.result import SeriesResult
from brain_core.study.summary import summarise

if TYPE_CHECKING:
    from brain_core.inference import Detector, Prediction
    from brain_core.operating_points import OperatingPoint
    from brain_core.registry import ModelCard


@dataclass(frozen=True, eq=False)
class ScoredSlice:
    """One slice of a series.

    Attributes:
        predictions: one a model, in the order of the detectors; empty where the slice could not be read.
        error: why it could not be read, fit to show.
        error_kind: its class, for records that must not hold its words.
    """

    index: int
    predictions: tuple[Prediction, ...] = ()
    error: str | None = None
    error_kind: str = ScanError.__name__


def score_slices(
    series: Series, detectors: Sequence[Detector], indices: Iterable[int] | None = None, *, batch: int = BATCH
) -> Iterator[ScoredSlice]:
    """Score slices in order, as they are asked for; the next batch is decoded while one is scored.

    Args:
        indices: which slices, all by default.
        batch: slices a pass; twice as many are in memory.
    """
    wanted = list(range(len(series)) if indices is None else indices)
    batches = [wanted[start : start + batch] for start in range(0, len(wanted), batch)]
    with ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
        coming: Future | None = None
        for number, chunk in enumerate(batches):
            rows = coming.result() if coming else _read(series, chunk)
            coming = pool.submit(_read, series, batches[number + 1]) if number + 1 < len(batches) else None
            yield from _score(rows, detectors)


def result(
    series: Series, models: Sequence[tuple[ModelCard, OperatingPoint]], slices: Iterable[ScoredSlice]
) -> SeriesResult:
    """All that is known of the series, with the summaries.

    Args:
        models: in the order of the slices' predictions, with the operating point to judge by.
        slices: as `score_slices` gave them, in any order; what is missing counts as not assessed.
    """
    found = {each.index: each for each in slices}
    rows = [found.get(index) for index in range(len(series))]
    flagged = tuple(row.index for row in rows if row and any(not p.assessed for p in row.predictions))
    predictions, summaries = {}, []
    for number, (card, point) in enumerate(models):
        column = tuple(row.predictions[number].at(point) if row and row.predictions else None for row in rows)
        predictions[card.name] = column
        summaries.append(summarise(card, point, [p and p.probability for p in column], flagged))
    errors = {row.index: row.error for row in rows if row and row.error}
    return SeriesResult(series, predictions, errors, flagged, tuple(summaries))


def _read(series: Series, indices: Sequence[int]) -> list[tuple[int, Scan | ScanError]]:
    """The scans, looked at as models need it, or why one could not be read."""
    rows: list[tuple[int, Scan | ScanError]] = []
    for index in indices:
        try:
            scan = series.scan(index)
        except ScanError as error:
            rows.append((index, error))
        else:
            places(scan), quality_flags(scan)  # kept with the scan: off the models' thread
            rows.append((index, scan))
    return rows


def _score(rows: list[tuple[int, Scan | ScanError]], detectors: Sequence[Detector]) -> Iterator[ScoredSlice]:
    scans = [scan for _, scan in rows if isinstance(scan, Scan)]
    by_scan = iter(zip(*(detector.predict(scans) for detector in detectors), strict=True)) if detectors else iter(())
    for index, scan in rows:
        if isinstance(scan, Scan):
            yield ScoredSlice(index, input_gate.shared(next(by_scan, ())))
        else:
            yield ScoredSlice(index, error=str(scan), error_kind=type(scan).__name__)
