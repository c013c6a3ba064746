"""The bytes of a file for access at any place: as they lie in memory or on disk, or inflated once, without a name."""

from __future__ import annotations

import gzip
import io
import mmap
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from brain_core.errors import SHORTAGES, ScanError, ShortageError
from brain_core.scans.once import Once
from brain_core.scans.raster import base_name
from brain_core.scans.source_file import SourceFile
from brain_core.settings import MEGABYTE

GZIP = b"\x1f\x8b"
SIZE_BYTES = 4  # at the end of a gzip file: how many bytes it inflates to, modulo 2**32
CHUNK = 1 << 20  # bytes
TO_SPARE = 200 * MEGABYTE  # of disk, that a volume must leave


@contextmanager
def inflated(file: SourceFile) -> Iterator[BinaryIO]:
    """The file opened for reading onwards, through gzip where it is packed so.

    What gzip raises on damage becomes a `ScanError` with the block that uses it.
    """
    name = base_name(file.name)
    try:
        with file.open() as content:
            packed = content.read(len(GZIP)) == GZIP
            content.seek(0)
            yield gzip.GzipFile(fileobj=content) if packed else content
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ScanError(f"{name}: its compression (gzip) is truncated or damaged.") from None


def first_bytes(file: SourceFile, count: int) -> bytes:
    """Up to ``count`` bytes from the beginning, inflated.

    Raises:
        ScanError: the compression is damaged already there.
    """
    with inflated(file) as content:
        return content.read(count)


def is_packed(file: SourceFile) -> bool:
    with file.open() as content:
        return content.read(len(GZIP)) == GZIP


class StoredBytes:
    """A file's content, inflated when it is first looked at.

    What must be written lies in a temporary file without a name, which is gone with the last reader, or with the
    process, however it ends.
    """

    def __init__(self, file: SourceFile, most: int):
        """``most``: bytes, inflated."""
        self.file, self._most = file, most
        self._view: Once[memoryview] = Once()

    def expect(self, needed: int) -> None:
        """Refuse a file that cannot hold as many bytes, without inflating it where gzip's own count suffices.

        Raises:
            ScanError: truncated or damaged.
        """
        name = base_name(self.file.name)
        if not is_packed(self.file):
            if self.file.size < needed:
                raise ScanError(f"{name}: the file is truncated ({self.file.size} of {needed} bytes).")
        elif self._promised() != self._counted_as(needed) and (there := self._count(needed)) < needed:
            raise ScanError(f"{name}: the file is truncated ({there} of {needed} bytes).")

    def view(self) -> memoryview:
        """All of it.

        Raises:
            ScanError: damaged, or larger than it may be.
            ShortageError: no room for it on the disk.
        """
        return self._view.get(self._open)

    def _promised(self) -> int:
        with self.file.open() as content:
            content.seek(-SIZE_BYTES, io.SEEK_END)
            return int.from_bytes(content.read(SIZE_BYTES), "little")

    @staticmethod
    def _counted_as(size: int) -> int:
        return size % (1 << 8 * SIZE_BYTES)

    def _count(self, enough: int) -> int:
        found = 0
        with inflated(self.file) as content:
            while found < enough and (chunk := content.read(CHUNK)):
                found += len(chunk)
        return found

    def _open(self) -> memoryview:
        if not is_packed(self.file):
            if self.file.path is not None:
                with self.file.path.open("rb") as file:
                    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            with self.file.open() as content:
                if isinstance(content, io.BytesIO):
                    return memoryview(content.getvalue())
        return self._written()

    def _written(self) -> memoryview:
        name = base_name(self.file.name)
        try:
            with tempfile.TemporaryFile() as target, inflated(self.file) as content:
                self._copy(content, target, name)
                target.flush()
                return memoryview(mmap.mmap(target.fileno(), 0, access=mmap.ACCESS_READ))
        except OSError as error:
            if error.errno not in SHORTAGES:
                raise ScanError(f"{name}: cannot be unpacked ({error.strerror or 'disk error'}).") from None
            raise ShortageError(f"{name}: no room to unpack it ({error.strerror or 'disk error'}).") from None

    def _copy(self, content: BinaryIO, target: BinaryIO, name: str) -> None:
        written, room = 0, shutil.disk_usage(tempfile.gettempdir()).free - TO_SPARE
        while chunk := content.read(CHUNK):
            written += len(chunk)
            if written > self._most:
                raise ScanError(f"{name}: unpacks to more than the {self._most // MEGABYTE} MB that are read.")
            if written > room:
                raise ShortageError(f"{name}: no room on the disk to unpack it.")
            target.write(chunk)
