"""Quiet: no Python warnings while anyone is inside, in whichever thread.

The warnings filter is one for the whole process. `warnings.catch_warnings` puts back the list that it found, so that of
two threads the first to leave lets the other's warnings through, and the last may leave the filter as it was inside.
Here those inside are counted. The libraries' warnings quote values of files and answers, which may name a patient.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

EVERYTHING = ("ignore", re.compile(""), Warning, None, 0)  # a filter as nobody else writes it, to be found again


class Counted:
    """Ignores all warnings while its count is not nought."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._lists: list[list] = []  # that the filter stands in: others' catch_warnings put their own in place

    @contextmanager
    def ignoring(self) -> Iterator[None]:
        """No warnings, of any thread, until the last one inside has left."""
        with self._lock:
            self._inside += 1
            self._ignore()
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._restore()

    def _ignore(self) -> None:
        filters = warnings.filters
        if filters[:1] == [EVERYTHING]:
            return
        _take_out(filters)
        filters.insert(0, EVERYTHING)
        if not any(filters is each for each in self._lists):
            self._lists.append(filters)

    def _restore(self) -> None:
        for filters in (*self._lists, warnings.filters):
            _take_out(filters)
        self._lists.clear()


def _take_out(filters: list) -> None:
    while EVERYTHING in filters:
        filters.remove(EVERYTHING)


_counted = Counted()  # one, as the filter is one
quiet = _counted.ignoring
