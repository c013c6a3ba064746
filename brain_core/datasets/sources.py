"""Where training data may come from: folders on the server, below a few roots, and archives that were uploaded."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from brain_core.datasets.archive import extract
from brain_core.datasets.index import CLASS_NAMES, label_of_folder
from brain_core.errors import ConfigError, DatasetError
from brain_core.scans import base_name
from brain_core.settings import settings

DEPTH = 2  # levels below a root at which data sets are looked for
PART_NAMES = re.compile("train|test|val", re.IGNORECASE)  # how the parts of one data set begin: Training, test, valid
STEM = 40  # characters of an upload's name that are kept


def allowed_roots() -> tuple[Path, ...]:
    """Folders below which data may be read: the program's own, ``BRAIN_DATA_DIR`` and ``BRAIN_DATA_ROOTS``, resolved.

    Not all of them need exist.
    """
    given = (_own(), settings().data_dir, *settings().data_roots)
    return tuple(dict.fromkeys(root.resolve() for root in given if root))


def allowed(folder: str | Path) -> Path:
    """The folder, resolved, if it is one of `allowed_roots` or lies below one, links followed.

    Raises:
        ConfigError: it lies elsewhere (whether it exists is not told then), or there is no such folder.
    """
    try:
        found = Path(folder).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, no such user, a NUL
        raise ConfigError(f"Data set: expected a folder. Received: {str(folder)!r} ({error}).") from error
    roots = allowed_roots()
    if not _inside(found, roots):
        raise ConfigError(
            f"{folder} lies outside the folders that may be read: {', '.join(map(str, roots))}. "
            "BRAIN_DATA_ROOTS adds to them."
        )
    if not found.is_dir():
        raise ConfigError(f"Data set: no such folder: {folder}.")
    return found


def data_sets() -> list[Path]:
    """Folders that hold both classes, at most `DEPTH` levels below an allowed root or a root itself, sorted.

    Folders are listed and named, no picture is looked at. Where the class folders lie one level further down, the
    folder above is named if its sub-folders are parts of one data set (Training, Testing), and at the last level.
    Hidden and unreadable folders and links that lead out of the roots are passed over.
    """
    roots = allowed_roots()
    return sorted({found for root in roots for found in _below(root, roots, DEPTH)})


def unpack_upload(
    archive: BinaryIO, name: str, progress: Callable[[int, int], None] = lambda done, total: None
) -> Path:
    """Unpack an uploaded zip below ``BRAIN_HOME``, once for each content.

    Args:
        archive: opened for reading; left open.
        name: the file's name as given, of which letters and digits are kept.
        progress: as in `extract`; not called where the content was unpacked before.

    Returns:
        The folder, named after the archive's name and content.

    Raises:
        DatasetError: as `extract`.
    """
    archive.seek(0)
    digest = hashlib.file_digest(archive, "sha256").hexdigest()
    folder = _own() / "uploads" / f"{_stem(name)}-{digest[:8]}"
    if folder.is_dir():
        return folder
    archive.seek(0)
    try:
        return extract(archive, folder, progress=progress)
    except DatasetError:
        if folder.is_dir():  # another session has unpacked it meanwhile
            return folder
        raise


def _own() -> Path:
    return settings().home / "data"


def _stem(name: str) -> str:
    return re.sub("[^A-Za-z0-9_]+", "-", Path(base_name(name)).stem)[:STEM].strip("-") or "upload"


def _inside(folder: Path, roots: tuple[Path, ...]) -> bool:
    return any(folder.is_relative_to(root) for root in roots)


def _below(folder: Path, roots: tuple[Path, ...], depth: int) -> Iterator[Path]:
    children = _folders(folder, roots)
    if _both(children):
        yield folder
        return
    nested = {child: _folders(child, roots) for child in children}
    classes = {child: found for child, found in nested.items() if any(_label(path) is not None for path in found)}
    parts = all(PART_NAMES.match(child.name) for child in classes)
    if (parts or not depth) and _both([path for found in classes.values() for path in found]):
        yield folder
    elif depth:
        for child in children:
            if not child.is_symlink():  # a link can lead upwards: it is named where it is a data set itself
                yield from _below(child, roots, depth - 1)
            elif _both(nested[child]):
                yield child.resolve()


def _folders(folder: Path, roots: tuple[Path, ...]) -> list[Path]:
    """The sub-folders by the names they have here, without hidden ones and links that lead out of the roots."""
    try:
        with os.scandir(folder) as entries:
            found = [folder / entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        return sorted(path for path in found if not path.is_symlink() or _inside(path.resolve(), roots))
    except (OSError, RuntimeError):  # not to be read, or gone meanwhile; a loop of links
        return []


def _both(folders: list[Path]) -> bool:
    return {_label(folder) for folder in folders} >= set(CLASS_NAMES)


def _label(folder: Path) -> int | None:
    return label_of_folder(folder.name)
