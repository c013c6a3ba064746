"""A series scored in a thread of its own, while the page that asked for it draws what there is so far."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from brain_core.preprocessing import BATCH
from brain_core.scans.series import Series
from brain_core.study.scoring import ScoredSlice, score_slices

if TYPE_CHECKING:
    from brain_core.inference import Detector

log = logging.getLogger(__name__)

AHEAD = 8 * BATCH  # slices that wait to be taken; more than are scored while a page is drawn
PATIENCE = 10.0  # seconds; who takes nothing for so long has left


class Background:
    """Slices on their way from the models, to be taken as they come.

    It ends when all are scored, when it is cancelled, and when nobody takes anything any more.
    """

    def __init__(self, series: Series, detectors: Sequence[Detector], indices: Sequence[int]):
        self._scored: queue.Queue[ScoredSlice] = queue.Queue(AHEAD)
        self._cancelled = threading.Event()
        rows = one_each(series, detectors, indices)
        self._thread = threading.Thread(target=self._work, args=(rows,), name="score-series", daemon=True)
        self._thread.start()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def ended(self) -> bool:
        """Whether nothing comes any more."""
        return not self._thread.is_alive() and self._scored.empty()

    def take(self, seconds: float = 0.0) -> list[ScoredSlice]:
        """What was scored since, after ``seconds`` or when all is."""
        self._thread.join(seconds)
        return [self._scored.get_nowait() for _ in range(self._scored.qsize())]  # nobody else takes any

    def cancel(self) -> None:
        """End after the batch that is in the models."""
        self._cancelled.set()

    def _work(self, rows: Iterator[ScoredSlice]) -> None:
        try:
            for row in rows:
                if self.cancelled:
                    return
                self._scored.put(row, timeout=PATIENCE)
        except queue.Full:
            log.info("Nobody waits for the slices of a series any more")


def one_each(series: Series, detectors: Sequence[Detector], indices: Sequence[int]) -> Iterator[ScoredSlice]:
    """One result a slice in the order asked for, whatever happens: a batch that fails is tried slice by slice."""
    left = list(indices)
    while left:
        try:
            for row in score_slices(series, detectors, left):
                left = left[1:]
                yield row
        except Exception:  # out of memory, say: one slice must not take the others with it
            alone, left = left[:BATCH], left[BATCH:]
            yield from (_alone(series, detectors, index) for index in alone)


def _alone(series: Series, detectors: Sequence[Detector], index: int) -> ScoredSlice:
    try:
        (row,) = score_slices(series, detectors, [index])
    except Exception as error:
        kind = type(error).__name__  # no more: a message may name the patient
        log.error("Scoring a slice failed: %s", kind)
        return ScoredSlice(index, error=f"This slice was not scored ({kind}).", error_kind=kind)
    return row
