"""Folders for fetched studies: private, gone afterwards, and gone at the next time where a process was killed."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from brain_core.pacs.archive import LocalError

PRIVATE = 0o700


def pacs_home(home: Path) -> Path:
    """The folder of all that belongs to the archive, readable by this user alone.

    Raises:
        LocalError: it cannot be made.
    """
    folder = home / "pacs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(PRIVATE)
    except OSError as error:
        raise LocalError(f"{folder} cannot be made: {error.strerror or type(error).__name__}.") from error
    return folder


@contextmanager
def fetching_folder(home: Path) -> Iterator[Path]:
    """A new folder, removed when the block ends; first of all what killed processes left is removed.

    Raises:
        LocalError: it cannot be made.
    """
    place = pacs_home(home) / "fetched"
    token = secrets.token_hex(8)
    mine, folder = FileLock(place / f"{token}.lock"), place / token
    try:
        with _turn(place):
            _sweep(place)
            mine.acquire()
            folder.mkdir(mode=PRIVATE)
    except OSError as error:
        raise LocalError(f"{folder.parent} cannot be written: {error.strerror or type(error).__name__}.") from error
    try:
        yield folder
    finally:
        with _turn(place):
            shutil.rmtree(folder, ignore_errors=True)
            mine.release()
            _remove(place / f"{token}.lock")


def sweep(home: Path) -> None:
    """Remove what killed processes left."""
    place = pacs_home(home) / "fetched"
    with _turn(place):
        _sweep(place)


def _turn(place: Path) -> FileLock:
    """Only one process at a time makes or removes folders and their locks."""
    place.mkdir(exist_ok=True, mode=PRIVATE)
    return FileLock(place.parent / ".fetched.lock")


def _sweep(place: Path) -> None:
    for folder in [each for each in place.iterdir() if each.is_dir()]:
        lock = FileLock(place / f"{folder.name}.lock")
        with suppress(Timeout):  # its process lives
            lock.acquire(timeout=0)
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()
            _remove(place / f"{folder.name}.lock")


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
