"""Kept scans: pixels as PNG below ``BRAIN_HOME``, named by their keys; only where ``BRAIN_KEEP_SCANS`` says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from brain_core.errors import StoreError
from brain_core.files import replacing
from brain_core.settings import settings
from brain_core.store.problems import told
from brain_core.store.records import now

if TYPE_CHECKING:
    from brain_core.scans import Scan

KEY = re.compile("[0-9a-f]{64}")
PATIENCE = 30  # seconds to wait for another who refreshes the confirmed data set, or deletes
CLASS_FOLDERS = {"tumor": "yes", "no tumor": "no"}  # of the confirmed data set


def keep(key: str, scan: Scan) -> None:
    """Write the pixels once; nothing is done where scans are not to be kept.

    Args:
        key: see `brain_core.store.keys.scan_key`.

    Raises:
        StoreError: the file cannot be written.
    """
    if not settings().store.keep_scans:
        return
    file = _file(key)
    if file.exists():
        return
    from PIL import Image

    with told():
        _make_private(file.parent)
        with replacing(file) as temporary:
            Image.fromarray(scan.pixels).save(temporary, "PNG")


def path(key: str) -> Path | None:
    """Of a kept scan; None where it was not kept."""
    file = _file(key)
    return file if file.is_file() else None


def keys() -> frozenset[str]:
    """Of all kept scans."""
    return frozenset(file.stem for file in folder().glob("*.png") if KEY.fullmatch(file.stem))


def modified(key: str) -> datetime:
    """When it was kept, UTC; now where it was not."""
    try:
        return datetime.fromtimestamp(_file(key).stat().st_mtime, UTC)
    except FileNotFoundError:
        return now()


def delete(keys: Iterable[str]) -> int:
    """Remove these, from the confirmed data set too; returns how many there were. Raises `StoreError`."""
    removed, keys = 0, set(keys)
    with deleting(), told():
        _remove_left_over(keys)
        for key in keys:
            file = _file(key)
            for name in CLASS_FOLDERS.values():
                (confirmed_folder() / name / file.name).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                file.unlink()
                removed += 1
    return removed


@contextmanager
def deleting() -> Iterator[None]:
    """Nobody copies kept scans into the confirmed data set meanwhile; raises `StoreError`.

    To be entered before a transaction that deletes: whoever waits within one keeps all others from writing.
    """
    with told():
        nothing = not (folder().exists() or confirmed_folder().exists())
    if nothing:  # to copy, and no copy
        yield
        return
    with alone(confirmed_folder()):
        yield


@contextmanager
def alone(data_set: Path) -> Iterator[None]:
    """Nobody else refreshes this data set of confirmed scans, or deletes from it.

    Raises:
        StoreError: the folder cannot be made, or somebody else is at it for too long.
    """
    lock = FileLock(data_set / ".lock", timeout=PATIENCE, is_singleton=True)  # who holds it may take it once more
    with told():
        data_set.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock.acquire()
        except Timeout:
            raise StoreError("The confirmed data set is being refreshed by somebody else. Try again.") from None
    try:
        yield
    finally:
        lock.release()


def folder() -> Path:
    """Where they lie."""
    return settings().home / "kept"


def confirmed_folder() -> Path:
    """The data set of those that were confirmed: below a root where the Retrain page looks."""
    return settings().home / "data" / "confirmed"


def _file(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise StoreError("Expected a scan's key of 64 hexadecimal digits. Received something else.")
    return folder() / f"{key}.png"


def _remove_left_over(keys: set[str]) -> None:
    """Half-written files of writers that crashed: of these scans, and whatever is older than a day."""
    yesterday = (now() - timedelta(days=1)).timestamp()
    for file in folder().glob(".*.png"):
        with suppress(FileNotFoundError):  # its writer lives, and has just given it its name
            if file.name[1:].split("-")[0] in keys or file.stat().st_mtime < yesterday:
                file.unlink()


def _make_private(folder: Path) -> None:
    """Pixels can hold a name that was burned in."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
