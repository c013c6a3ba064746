"""A file that came from outside, in memory, on disk or in an archive: opened only when it is needed."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, eq=False)
class SourceFile:
    """One file; what it holds stays where it is until `open` is called.

    Attributes:
        name: the file's own name, without folders; text from outside, which may name a patient.
        size: bytes, as its place says.
        open: a new binary file on the content, seekable, to be closed by the caller. May raise OSError, and
            ValueError or zipfile.BadZipFile where an archive is damaged.
        path: where it lies on disk, None elsewhere.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    path: Path | None = None

    @staticmethod
    def of_bytes(data: bytes, name: str) -> SourceFile:
        return SourceFile(name, len(data), lambda: io.BytesIO(data))

    @staticmethod
    def of_path(path: Path) -> SourceFile:
        return SourceFile(path.name, path.stat().st_size, lambda: path.open("rb"), path)
