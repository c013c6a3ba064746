"""The members of a zip from outside as files that are read where they lie; nothing is unpacked to the disk here."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from brain_core.errors import ScanError
from brain_core.scans.amount import Most
from brain_core.scans.raster import base_name
from brain_core.scans.series import Refused
from brain_core.scans.source_file import SourceFile
from brain_core.scans.zip_checks import (
    DAMAGE,
    METHODS,
    ZIP_MAGIC,
    ShortReads,
    is_encrypted,
    is_of_the_system,
)
from brain_core.settings import MEGABYTE


@dataclass(frozen=True)
class Limits:
    """What a zip may hold.

    Attributes:
        members: files and folders; a long study has some thousand.
        unpacked: bytes of all members together.
        ratio: bytes unpacked for one byte packed, of the zip as a whole; blank slices alone reach 1,000, heads 10.
        ratio_from: bytes unpacked from which the ratio counts.
    """

    members: int = 50_000
    unpacked: int = 8_000 * MEGABYTE
    ratio: int = 200
    ratio_from: int = 500 * MEGABYTE

    @staticmethod
    def within(most: Most | None) -> Limits:
        """The usual ones, or smaller ones where no more is taken in at all."""
        if most is None:
            return Limits()
        return Limits(min(Limits.members, most.files), min(Limits.unpacked, most.size))


@dataclass
class Listing:
    """What a zip holds."""

    files: list[SourceFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: int = 0


def is_zip(start: bytes) -> bool:
    """Whether a file that starts so is a zip; at least 4 bytes are needed."""
    return start.startswith(ZIP_MAGIC)


def listing(file: SourceFile, limits: Limits = Limits()) -> Listing:
    """The files in a zip; each is read from the zip when it is opened.

    Names are without folders. Members of a kind that cannot be read are refused one by one.

    Raises:
        ScanError: damaged, encrypted or too large as a whole; the message starts with the zip's name.
    """
    name = base_name(file.name)
    archive = _opened(file, limits, name)
    members = [info for info in archive.infolist() if not info.is_dir()]
    _check(members, archive, limits, name)
    found = Listing()
    for info in members:
        own = base_name(info.filename)
        if is_of_the_system(info.filename.replace("\\", "/").split("/")):
            found.ignored += 1
        elif info.compress_type not in METHODS:
            found.refused.append(Refused(own, f"packed by a method ({info.compress_type}) that is not read."))
        else:
            found.files.append(SourceFile(own, info.file_size, partial(_member, archive, info)))
    return found


def _opened(file: SourceFile, limits: Limits, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(ShortReads(file.open(), limits.members, ScanError))
    except OSError as error:
        raise ScanError(f"{name}: cannot be opened ({error.strerror or 'disk error'}).") from None
    except ScanError as error:
        raise ScanError(f"{name}: {error}") from None
    except DAMAGE:
        raise ScanError(f"{name}: the zip is damaged or not whole.") from None


def _check(members: list[zipfile.ZipInfo], archive: zipfile.ZipFile, limits: Limits, name: str) -> None:
    if len(members) > limits.members:
        raise ScanError(f"{name}: {len(members)} files; zips of up to {limits.members} are read.")
    if any(map(is_encrypted, members)):
        raise ScanError(f"{name}: is encrypted; expected a zip without a password.")
    unpacked, packed = (sum(getattr(info, size) for info in members) for size in ("file_size", "compress_size"))
    if unpacked > limits.unpacked:
        raise ScanError(
            f"{name}: unpacks to {unpacked / MEGABYTE:.0f} MB; zips of up to {limits.unpacked // MEGABYTE} MB are read."
        )
    if packed > archive.start_dir:
        raise ScanError(f"{name}: the zip is damaged: its members take more than there is.")
    if unpacked > max(limits.ratio_from, limits.ratio * packed):
        raise ScanError(f"{name}: unpacks to more than {limits.ratio} times its size; scans do not.")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """The member opened; zipfile never gives more than `file_size` bytes of it."""
    return archive.open(info)
