"""What ``predict`` scores: pictures, and the slices of DICOM and NIfTI files, each file by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from brain_core.errors import ScanError
from brain_core.scans import SUFFIXES, Scan, SourceFile, collect, read_file
from brain_core.scans.dicom import is_dicom
from brain_core.scans.picture import read_source
from brain_core.scans.series import Series

OTHER_SUFFIXES = (".dcm", ".dicom", ".ima", ".nii", ".nii.gz")


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
    """By its name; a file without a suffix by its content, as scanners name DICOM files so."""
    name = path.name.lower()
    if name.startswith("."):
        return False
    if not path.suffix:
        return is_dicom(SourceFile.of_path(path))
    return name.endswith((*SUFFIXES, *OTHER_SUFFIXES))


def _of_file(path: Path) -> Iterator[Input]:
    if path.suffix.lower() in SUFFIXES or not path.is_file():
        yield Input(path, partial(read_file, path))
        return
    collection = collect([SourceFile.of_path(path)])
    yield from (Input(path, partial(_read_picture, path, f"{each.name}: {each.reason}")) for each in collection.refused)
    yield from (Input(path, partial(read_source, file)) for file in collection.pictures)
    slices = [(series, i) for study in collection.studies for series in study.series for i in range(len(series))]
    for number, (series, index) in enumerate(slices, 1):
        several = len(slices) > 1
        name = f"{path.name}.slice-{number:04d}" if several else path.name
        yield Input(path, partial(_read, series, index, name), number if several else None)


def _read(series: Series, index: int, name: str) -> Scan:
    return replace(series.scan(index), name=name)


def _read_picture(path: Path, reason: str) -> Scan:
    """A picture under another name; else the reason why the file is no study either."""
    try:
        return read_file(path)
    except ScanError:
        raise ScanError(reason) from None
