"""A zip of class folders from outside, unpacked to a folder: all of it or nothing, and nothing beside it."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from brain_core.datasets.index import list_items
from brain_core.datasets.members import Member, members_of
from brain_core.errors import DatasetError
from brain_core.scans import SUFFIXES
from brain_core.scans.zip_checks import CHUNK, DAMAGE, RATIO_FROM, ZIP_MAGIC, ShortReads, quoted


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Attributes:
        members: files and folders; three times the largest public collection of brain MRI slices.
        unpacked: bytes of all pictures together.
        ratio: bytes unpacked for one byte packed, of a member above `RATIO_FROM`; pictures stay far below it.
    """

    members: int = 20_000
    unpacked: int = 4_000_000_000
    ratio: int = 200


def extract(
    archive: BinaryIO | Path,
    into: Path,
    *,
    limits: Limits = Limits(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Unpack the pictures of a zip, member by member, in a hidden folder beside ``into`` that becomes ``into``.

    What operating systems add and what is no picture is passed over. When anything is wrong, or ``progress`` raises,
    nothing is left behind.

    Args:
        archive: a zip file, or such a file opened for reading; it is read from its beginning and left open.
        into: a folder that does not exist yet, or an empty one.
        progress: called with (pictures unpacked, pictures) after each.

    Returns:
        ``into``, which `list_items` accepts.

    Raises:
        DatasetError: no zip, a damaged or encrypted one, one that holds what it should not or is too large, no class
            folders in it, no room for it; the message names the member.
    """
    into = Path(into)
    if into.exists() and not (into.is_dir() and not any(into.iterdir())):
        raise DatasetError(
            f"Archive: expected a new folder to unpack to. Received: {into.name}, which holds something."
        )
    with _opened(archive, limits) as opened:
        pictures = _pictures(opened, limits)
        _check_sizes(opened, pictures, into, limits)
        with _becoming(into) as folder:
            unpacked = 0
            for done, member in enumerate(pictures, 1):
                unpacked += _write(opened, member, folder, limits, limits.unpacked - unpacked)
                progress(done, len(pictures))
            _check_layout(folder)
    return into


@contextmanager
def _opened(archive: BinaryIO | Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    try:
        file = archive.open("rb") if isinstance(archive, Path) else archive
    except OSError as error:
        raise DatasetError(f"Archive: {archive.name} cannot be opened ({error.strerror or error}).") from error
    try:
        opened = zipfile.ZipFile(ShortReads(file, limits.members, DatasetError))
    except (*DAMAGE, OSError) as error:
        raise DatasetError(
            f"Archive: expected a zip file. Received: another kind of file or a damaged one ({error})."
        ) from error
    else:
        with opened:
            yield opened
    finally:
        if file is not archive:
            file.close()


def _pictures(opened: zipfile.ZipFile, limits: Limits) -> list[Member]:
    listed = opened.infolist()
    if len(listed) > limits.members:
        raise DatasetError(f"Archive: {len(listed)} members; archives of up to {limits.members} are read.")
    files = [member for member in members_of(listed) if not member.is_folder]
    pictures = [member for member in files if member.suffix in SUFFIXES]
    if not pictures:
        received = f"{len(files)} other files, such as {files[0].shown}" if files else "no files"
        raise DatasetError(f"Archive: expected pictures ({', '.join(SUFFIXES)}). Received: {received}.")
    return pictures


def _check_sizes(opened: zipfile.ZipFile, pictures: list[Member], into: Path, limits: Limits) -> None:
    """By what the headers say; `_write` counts what really comes."""
    promised = sum(member.info.file_size for member in pictures)
    if promised > limits.unpacked:
        raise _too_large(max(pictures, key=lambda member: member.info.file_size), limits)
    packed = sum(member.info.compress_size for member in pictures)
    if packed > opened.start_dir:
        raise DatasetError(f"Archive: damaged: {packed} packed bytes of members in {opened.start_dir} bytes of file.")
    existing = next(folder for folder in into.absolute().parents if folder.is_dir())
    free = shutil.disk_usage(existing).free
    if promised > free:
        raise DatasetError(
            f"The disk is full: the archive unpacks to {promised / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free."
        )


@contextmanager
def _becoming(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when the block ends well, and is removed when not."""
    with _disk_errors():
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield temporary
        with _disk_errors():
            temporary.chmod(0o755)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write(opened: zipfile.ZipFile, member: Member, folder: Path, limits: Limits, left: int) -> int:
    """Unpack one member below ``folder``; ``left`` is how many bytes it may have, the return value how many it has."""
    path, written = folder.joinpath(*member.parts), 0
    with _disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            for chunk in _chunks(opened, member):
                if not written and chunk.startswith(ZIP_MAGIC):
                    raise DatasetError(f"Archive: {member.shown}: an archive in the archive, named as a picture.")
                written += len(chunk)
                if written > left:
                    raise _too_large(member, limits)
                if written > max(RATIO_FROM, limits.ratio * member.info.compress_size):
                    raise DatasetError(
                        f"Archive: {member.shown}: unpacks to more than {limits.ratio} times its packed size; "
                        "a picture does not."
                    )
                target.write(chunk)
    return written


def _chunks(opened: zipfile.ZipFile, member: Member) -> Iterator[bytes]:
    read = 0
    try:
        with opened.open(member.info) as source:
            while chunk := source.read(CHUNK):
                read += len(chunk)
                yield chunk
    except DAMAGE as error:
        raise DatasetError(f"Archive: {member.shown}: damaged ({error}).") from error
    if read != member.info.file_size:
        raise DatasetError(f"Archive: {member.shown}: damaged ({read} bytes instead of {member.info.file_size}).")


def _check_layout(folder: Path) -> None:
    try:
        list_items(folder)
    except DatasetError as error:
        raise DatasetError(str(error).replace(f"Data set {folder}", "Archive")) from error


def _too_large(member: Member, limits: Limits) -> DatasetError:
    return DatasetError(
        f"Archive: {member.shown}: unpacks to more than the {limits.unpacked / 1e6:.0f} MB that are read of an archive."
    )


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DatasetError("The disk is full: the archive was not unpacked, nothing of it was kept.") from error
        name = f" {quoted(Path(error.filename).name)}" if error.filename else ""
        raise DatasetError(f"Archive:{name} cannot be unpacked ({error.strerror or error}).") from error
