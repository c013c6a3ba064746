"""Standard output as a person reads it: names out of files and archives do not steer the terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from brain_core.logs import plain


class Guarded:
    """A text stream that writes control characters out; all else is the stream's own."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(plain(text))
        return len(text)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


def guard() -> None:
    """To be called when the process begins; what goes to a file or another program stays as it is."""
    if sys.stdout.isatty():
        sys.stdout = Guarded(sys.stdout)
