"""A picture wherever it lies, in memory, on disk or in an archive: looked at only as far as it may be large."""

from __future__ import annotations

from brain_core.errors import ScanError
from brain_core.scans.raster import base_name, read_bytes
from brain_core.scans.scan import Scan
from brain_core.scans.source_file import SourceFile
from brain_core.scans.zip_checks import DAMAGE
from brain_core.settings import settings


def content(file: SourceFile) -> bytes:
    """All of a file.

    Raises:
        ScanError: too large, or it cannot be read, as where an archive is damaged.
    """
    name, most = base_name(file.name), settings().max_file_bytes
    if file.size > most:
        raise ScanError(
            f"{name}: {file.size / 1e6:.0f} MB; files of up to {settings().max_file_megabytes} MB are read."
        )
    try:
        with file.open() as opened:
            return opened.read(most + 1)  # more than it claims to be is refused by whoever reads on
    except (OSError, *DAMAGE):
        raise ScanError(f"{name}: cannot be read; the file or its archive is damaged.") from None


def read_source(file: SourceFile) -> Scan:
    """The picture in a file; see `read_bytes`.

    Raises:
        ScanError: as `content` and `read_bytes`.
    """
    return read_bytes(content(file), file.name)
