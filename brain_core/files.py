"""Writing files and folders so that a reader sees the old content or the new, never half of it, even after a crash."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PART = ".part-"  # how the names of folders begin that are not written to their end


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well, and is removed when not.

    What was written is on the disk before the swap, and the swap before this returns.
    """
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        _sync_file(temporary)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def creating_folder(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path`` that takes its name when the block ends well, and is removed when not.

    It may hold files, no folders; they are on the disk before it takes the name.

    Raises:
        OSError: ``path`` exists.
    """
    _make_folder(path.parent)
    temporary = _hidden_folder(path.parent)
    try:
        yield temporary
        temporary.chmod(0o755)
        for file in temporary.iterdir():
            _sync_file(file)
        _sync_folder(temporary)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # gone where all went well


def remove_folder(path: Path) -> None:
    """Remove a folder; whoever looks sees all of it or nothing. A crash may leave a hidden one (`remove_hidden`)."""
    hidden = _hidden_folder(path.parent)
    os.replace(path, hidden / path.name)
    _sync_folder(path.parent)
    shutil.rmtree(hidden, ignore_errors=True)  # what resists is hidden, and tried again by `remove_hidden`


def remove_hidden(folder: Path, start: str = ".") -> None:
    """Remove what crashed writers left in a folder: all whose name begins with ``start``.

    Only to be called while nobody else writes there.
    """
    for path in folder.glob(f"{start}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with a final newline, written in one step."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _hidden_folder(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=parent, prefix=PART))


def _make_folder(folder: Path) -> None:
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        _sync_folder(each.parent)


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:  # Windows syncs only what is open for writing
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the platform can: Windows and some network drives cannot."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
