"""How far a job is and how fast: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

from tqdm import tqdm

from brain_core.bulk.shard import ShardResult

EVERY = 30  # seconds between two lines
_log = logging.getLogger("brain_core")


class Meter:
    """Counts what shards bring; to be closed at the end.

    Attributes:
        scans, errors: so far.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.scans = self.errors = 0
        self._terminal = sys.stderr.isatty()
        self._bar = tqdm(desc="scans", unit="scans", disable=not self._terminal, leave=False)
        self._clock = clock
        self._began = self._told = clock()

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def rate(self) -> float:
        """Scans a second since the beginning, loading of models included."""
        return self.scans / self.seconds if self.seconds else 0.0

    def __call__(self, result: ShardResult) -> None:
        self.scans += result.scans
        self.errors += result.errors
        self._bar.update(result.scans)
        if not self._terminal and self._clock() - self._told >= EVERY:
            self._told = self._clock()
            _log.info("%d scans, %d errors, %.1f scans/s", self.scans, self.errors, self.rate)

    def close(self) -> None:
        self._bar.close()
