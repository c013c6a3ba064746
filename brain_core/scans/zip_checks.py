"""What any zip from outside is checked for before its members are looked at."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from brain_core.errors import BrainError

CHUNK = 1 << 20  # bytes held in memory at once
RATIO_FROM = 1_000_000  # bytes; a smaller member does no harm however well it was compressed
DIRECTORY_ENTRY = 512  # bytes of the archive's own directory that a member may take, names included
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack a chunk of any size at once, in memory
# What zipfile raises on damage, on what it cannot decode and on headers that contradict each other.
DAMAGE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error, zlib.error)
ARCHIVES = frozenset(
    {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".7z", ".rar", ".lz", ".z"}
)
OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})  # and every hidden file: .DS_Store, ._1.png
MACOS = "__macosx"
SHOWN = 80  # characters of a name in a message
_ENCRYPTED = 0x1 | 0x40  # bits of a member's flags


class ShortReads:
    """A file for zipfile that refuses a long read: it takes the archive's whole directory into memory at once."""

    def __init__(self, file: BinaryIO, members: int, error: type[BrainError]):
        """``members``: so many may be listed; ``error`` is what is raised of more."""
        self._file, self._most, self._error = file, members * DIRECTORY_ENTRY + CHUNK, error
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, n: int = -1) -> bytes:
        if n > self._most:
            raise self._error(f"Archive: its directory takes {n / 1e6:.0f} MB; it lists too many members.")
        return self._file.read(n)


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _ENCRYPTED)


def is_of_the_system(parts: Sequence[str]) -> bool:
    """Whether a file is one that operating systems add.

    Args:
        parts: of its path, at least one.
    """
    name = parts[-1].lower()
    return name.startswith(".") or name in OF_THE_SYSTEM or MACOS in (part.lower() for part in parts)


def quoted(name: str) -> str:
    """A name from outside, fit for a message: quoted, control characters written out, shortened in the middle."""
    half = SHOWN // 2
    return repr(name if len(name) <= SHOWN else f"{name[:half]}…{name[-half:]}")
