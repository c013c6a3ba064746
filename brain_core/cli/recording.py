"""``--record``: what commands score goes into the prediction store."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from brain_core.errors import StoreError
from brain_core.jobs.control import login
from brain_core.settings import settings

if TYPE_CHECKING:
    from pathlib import Path

    from brain_core.batch import Scored
    from brain_core.inference import Detector
    from brain_core.store.recorded import By
    from brain_core.store.records import FailureRow, PredictionRow, Source
    from brain_core.study.assess import Assessed
    from brain_core.study.result import SeriesResult

    Assess = Callable[[Iterable[Path]], Assessed]

log = logging.getLogger("brain_core")

AT_ONCE = 200  # rows a transaction


def add_record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--record", action="store_true", help="write the predictions into the prediction store, as the page does"
    )


class Recorder:
    """Collects rows and writes them some at a time; what is left when its block ends is written then.

    Args:
        user: see `brain_core.access.User.name`; the operating system's by default.
        steady: see `brain_core.store.recorded.By`.

    Raises:
        StoreError: the store cannot be used. Later too: what was collected stays, and is tried again with the next.
    """

    def __init__(self, source: Source, detectors: Sequence[Detector], *, user: str = "", steady: bool = False):
        self._source, self._cards = source, [detector.card for detector in detectors]
        self._user, self._steady = user or login(), steady
        self._rows: list[PredictionRow] = []
        self._failures: list[FailureRow] = []

    def __enter__(self) -> Recorder:
        from brain_core.store import engine

        engine.engine()  # before hours of work, not after
        return self

    def __exit__(self, *_: object) -> None:
        self.write()

    def scan(self, row: Scored) -> None:
        """One scan, a case of its own, judged by the operating points; its pixels are kept where that is wanted."""
        from brain_core.store import recorded

        by = self._by()
        if row.error is not None:
            self._failures.append(recorded.failure(by, row.error_kind))
        else:
            judged = [each.at(card.operating_point) for each, card in zip(row.predictions, self._cards, strict=True)]
            self._rows += recorded.of_scan(judged, row.scan.sha256, by)
        if len(self._rows) + len(self._failures) >= AT_ONCE:
            self.write()
        if row.scan is not None and settings().store.keep_scans:
            recorded.keep([row.scan], self._cards)

    def series(self, *results: SeriesResult) -> None:
        """Series, their slices and summaries in one transaction."""
        from brain_core.store import recorded

        for result in results:
            rows, failures = recorded.everything(result, self._by())
            self._rows += rows
            self._failures += failures
        self.write()

    def write(self) -> None:
        """Write what was collected."""
        from brain_core.store import predictions, recorded

        if self._rows or self._failures:
            event = recorded.event(self._by(), self._rows, self._failures)
            predictions.add(self._rows, self._failures, event)
            self._rows, self._failures = [], []

    def _by(self) -> By:
        from brain_core.store.recorded import By

        return By.now(self._user, self._source, self._cards, steady=self._steady)


def recorded(assess: Assess, recorder: Recorder) -> Assess:
    """``assess``, whose results are recorded.

    That the store does not take them keeps no answer back from the archive: they are tried again with the next study,
    and by `finish`.
    """

    def assess_and_record(paths: Iterable[Path]) -> Assessed:
        assessed = assess(paths)
        _try(lambda: recorder.series(*(result for _, result in assessed.results)))
        return assessed

    return assess_and_record


def finish(recorder: Recorder) -> bool:
    """Write what is left; returns whether all is written."""
    return _try(recorder.write)


def _try(work: Callable[[], None]) -> bool:
    try:
        work()
    except StoreError as error:
        log.warning("Not recorded yet: %s", error)
        return False
    return True
