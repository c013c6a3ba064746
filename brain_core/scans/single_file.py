"""One file by itself: whether it may be a scan, and its slices, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

from brain_core.errors import ScanError
from brain_core.scans.collect import collect
from brain_core.scans.dicom import is_dicom
from brain_core.scans.picture import read_source
from brain_core.scans.raster import SUFFIXES
from brain_core.scans.scan import Scan
from brain_core.scans.series import Series
from brain_core.scans.source_file import SourceFile

START = 1024  # bytes that tell what a file is
OTHER_SUFFIXES = (".dcm", ".dicom", ".ima", ".nii", ".nii.gz")


@dataclass(frozen=True, eq=False)
class FileSlice:
    """One slice of a file.

    Attributes:
        read: may raise `ScanError`.
        number: of the slice from 1, where its file holds several; else None.
    """

    read: Callable[[], Scan]
    number: int | None = None


def is_scan(name: str, file: Callable[[], SourceFile]) -> bool:
    """By its name; a file without a suffix by its content, as scanners name DICOM files so.

    One that cannot be looked into counts, so that whoever reads it says why.

    Args:
        name: of the file, without folders.
        file: it is opened only where the name has no suffix; may raise.
    """
    if name.startswith("."):
        return False
    if not PurePath(name).suffix:
        return _may_be_dicom(file)
    return name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))


def _may_be_dicom(file: Callable[[], SourceFile]) -> bool:
    try:
        found = file()
        with found.open() as content:
            start = content.read(START)
    except Exception:  # no rights, a bad disk; storage drivers raise what they like
        return True
    return is_dicom(SourceFile.of_bytes(start, found.name))


def is_picture(name: str) -> bool:
    """Whether a file is a picture by its name."""
    return PurePath(name).suffix.lower() in SUFFIXES


def slices(file: SourceFile) -> Iterator[FileSlice]:
    """The slices of a DICOM or NIfTI file, or the picture under another name; of what is refused, one that says why."""
    collection = collect([file])
    yield from (FileSlice(partial(_read_picture, file, f"{e.name}: {e.reason}")) for e in collection.refused)
    yield from (FileSlice(partial(read_source, each)) for each in collection.pictures)
    found = [(series, i) for study in collection.studies for series in study.series for i in range(len(series))]
    for number, (series, index) in enumerate(found, 1):
        several = len(found) > 1
        name = f"{file.name}.slice-{number:04d}" if several else file.name
        yield FileSlice(partial(_read, series, index, name), number if several else None)


def _read(series: Series, index: int, name: str) -> Scan:
    return replace(series.scan(index), name=name)


def _read_picture(file: SourceFile, reason: str) -> Scan:
    """A picture under another name; else the reason why the file is no study either."""
    try:
        return read_source(file)
    except ScanError:
        raise ScanError(reason) from None
