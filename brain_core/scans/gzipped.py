"""Single files packed by gzip, unpacked in memory."""

from __future__ import annotations

import io
from functools import partial

from brain_core.errors import ScanError
from brain_core.scans.raster import base_name
from brain_core.scans.source_file import SourceFile
from brain_core.scans.stored_bytes import first_bytes, inflated
from brain_core.settings import settings


def start(file: SourceFile, count: int) -> bytes:
    """Up to ``count`` bytes of what is in it.

    Raises:
        ScanError: the compression is damaged already there.
    """
    return first_bytes(file, count)


def unpacked(file: SourceFile) -> SourceFile:
    """What is in it, unpacked again whenever it is opened.

    Raises:
        ScanError: damaged, or larger than a file may be.
    """
    size = len(_content(file).getbuffer())
    name = base_name(file.name)
    return SourceFile(name[: -len(".gz")] if name.lower().endswith(".gz") else name, size, partial(_content, file))


def _content(file: SourceFile) -> io.BytesIO:
    most = settings().max_file_bytes
    with inflated(file) as content:
        data = content.read(most + 1)
    if len(data) > most:
        raise ScanError(
            f"{base_name(file.name)}: unpacks to more than the {settings().max_file_megabytes} MB that are read."
        )
    return io.BytesIO(data)
