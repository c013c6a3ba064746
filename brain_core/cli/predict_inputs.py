"""What ``predict`` scores: pictures, and the slices of DICOM and NIfTI files, each file by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from brain_core.scans import Scan, SourceFile, read_file
from brain_core.scans.single_file import is_picture, is_scan, slices


@dataclass(frozen=True, eq=False)
class Input:
    """One slice.

    Attributes:
        number: of the slice from 1, where its file holds several; else None.
        read: may raise `ScanError`.
    """

    path: Path
    read: Callable[[], Scan]
    number: int | None = None


def inputs(paths: list[Path]) -> list[Input]:
    """Files as they are named; of a folder, all pictures, DICOM and NIfTI files below it in sorted order.

    What is missing or cannot be read fails when it is read.
    """
    return [each for path in _expand(paths) for each in _of_file(path)]


def _expand(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file() and _is_scan(each))
            yield from found or [path]
        else:
            yield path


def _is_scan(path: Path) -> bool:
    return is_scan(path.name, partial(SourceFile.of_path, path))


def _of_file(path: Path) -> Iterator[Input]:
    if is_picture(path.name) or not path.is_file():
        yield Input(path, partial(read_file, path))
    else:
        yield from (Input(path, each.read, each.number) for each in slices(SourceFile.of_path(path)))
