"""The content of the file that was read last: frames of one file are asked for one after the other."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from threading import Lock

from brain_core.scans.source_file import SourceFile


class LastContent:
    """Holds one file's content in memory, so that a member of an archive is not unpacked anew for every frame."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[SourceFile, bytes] | None = None

    def file(self, file: SourceFile) -> SourceFile:
        """The same file, opened through what is held."""
        return replace(file, open=partial(self._open, file))

    def _open(self, file: SourceFile) -> io.BytesIO:
        with self._lock:
            if self._last is None or self._last[0] is not file:
                with file.open() as content:
                    self._last = (file, content.read())
            return io.BytesIO(self._last[1])
