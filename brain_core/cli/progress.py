"""Progress on a terminal, and plain lines in a log."""

from __future__ import annotations

import logging
import sys

from tqdm import tqdm

from brain_core.training.progress import Progress

_log = logging.getLogger("brain_core")


class Counter:
    """Shows (done, total): a bar on a terminal, nothing else where there is none."""

    def __init__(self, what: str):
        self._bar = tqdm(desc=what, disable=not sys.stderr.isatty(), leave=False)

    def __call__(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()


class TrainingReport:
    """Shows a run: a bar an epoch on a terminal, a line an epoch everywhere."""

    def __init__(self, title: str):
        self._title, self._bar = title, None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=progress.batches, disable=not sys.stderr.isatty(), leave=False)
            self._bar.set_description(f"{self._title} {progress.phase} {progress.epoch}/{progress.epochs}")
        self._bar.update(progress.batch - self._bar.n)
        if progress.epoch_ended:
            self._bar.close()
            self._bar = None
            figures = "  ".join(f"{name} {value:.4f}" for name, value in progress.metrics.items())
            _log.info("%s %s epoch %d/%d  %s", self._title, progress.phase, progress.epoch, progress.epochs, figures)
