"""How `collect` sorts files out; it brings pydicom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from brain_core.errors import ScanError, ShortageError
from brain_core.scans import archives, gzipped, nifti, pseudonym
from brain_core.scans.amount import NOTHING_TAKEN, Most
from brain_core.scans.collect import Progress
from brain_core.scans.dicom import is_dicom
from brain_core.scans.dicom.file import PREFIX, PREFIX_PLACE, refusing
from brain_core.scans.dicom.studies import DicomFiles
from brain_core.scans.nifti_header import is_nifti
from brain_core.scans.raster import SUFFIXES, base_name
from brain_core.scans.series import Collection, Refused, Study
from brain_core.scans.source_file import SourceFile
from brain_core.scans.stored_bytes import GZIP
from brain_core.scans.zip_checks import ARCHIVES, is_of_the_system

START = 1024  # bytes that tell what a file is
DIRECTORY, DIRECTORY_CLASS = "dicomdir", b"1.2.840.10008.1.3.10"  # Media Storage Directory Storage
ALL = "All files"  # in place of a name
PAIR_SUFFIXES = (".hdr", ".img")


@dataclass
class _Found:
    dicom: DicomFiles = field(default_factory=DicomFiles)
    volumes: list[Study] = field(default_factory=list)
    pictures: list[SourceFile] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: int = 0


def sort_out(files: Iterable[SourceFile], progress: Progress | None, most: Most | None) -> Collection:
    """As `brain_core.scans.collect.collect`, which says what it takes and gives."""
    found = _Found()
    waiting: list[SourceFile] = []
    size = 0
    for file in files:
        unzipped = _unzipped(file, found, most)
        waiting.extend(unzipped)
        size += sum(each.size for each in unzipped)
        if most and (reason := most.refusal(len(waiting) + len(found.refused) + found.ignored, size)):
            return Collection((), refused=(Refused(ALL, f"{reason} {NOTHING_TAKEN}"),))
    for done, file in enumerate(waiting, 1):
        if refused := _refused(file, found):
            found.refused.append(refused)
        if progress:
            progress(done, len(waiting))
    studies = (*found.dicom.studies(), *found.volumes)
    return Collection(studies, tuple(found.pictures), tuple(found.refused), found.ignored)


def _unzipped(file: SourceFile, found: _Found, most: Most | None) -> list[SourceFile]:
    """The file itself, or the files in a zip."""
    name = base_name(file.name)
    try:
        with refusing(name, "the file cannot be read."):
            if is_of_the_system([name]) or not archives.is_zip(_start(file)):
                return [file]
            listing = archives.listing(file, archives.Limits.within(most))
    except ScanError as error:
        found.refused.append(_refusal(error, name))
        return []
    found.refused.extend(listing.refused)
    found.ignored += listing.ignored
    return listing.files


def _refused(file: SourceFile, found: _Found) -> Refused | None:
    """Put a file where it belongs; why it is refused, None where it is not."""
    name = base_name(file.name)
    try:
        with refusing(name, "the file cannot be read."):
            _sort(file, name, found)
    except ScanError as error:
        return _refusal(error, name)
    return None


def _sort(file: SourceFile, name: str, found: _Found) -> None:
    if is_of_the_system([name]) or name.lower() == DIRECTORY:
        found.ignored += 1
        return
    start = _start(file)
    suffix = PurePosixPath(name.lower()).suffix
    if not start:
        raise ScanError("the file is empty.")
    if start[PREFIX_PLACE:].startswith(PREFIX):
        if DIRECTORY_CLASS in start:
            found.ignored += 1
        else:
            found.dicom.add(file)
    elif start.startswith(GZIP):
        _sort_packed(file, found)
    elif is_nifti(start):
        _add_volumes(file, found)
    elif archives.is_zip(start) or suffix in ARCHIVES:
        raise ScanError("an archive; a zip of the files themselves is read, not an archive in it or of another kind.")
    elif suffix in SUFFIXES:
        found.pictures.append(file)
    elif suffix in PAIR_SUFFIXES:
        raise ScanError("half of a volume in two files (.hdr and .img); save it as one .nii file.")
    elif is_dicom(file):
        found.dicom.add(file)
    else:
        raise ScanError("neither DICOM nor NIfTI, nor a picture of a format that is read.")


def _sort_packed(file: SourceFile, found: _Found) -> None:
    kind = gzipped.start(file, START)
    if is_nifti(kind):
        _add_volumes(file, found)
    elif kind[PREFIX_PLACE:].startswith(PREFIX):
        found.dicom.add(gzipped.unpacked(file))
    else:
        raise ScanError("a file packed by gzip that holds neither NIfTI nor DICOM.")


def _add_volumes(file: SourceFile, found: _Found) -> None:
    series = nifti.read_series(file)
    of = series[0].slices[0].key
    study = Study(pseudonym.study_key(of), pseudonym.of_patient("", study_uid=of), tuple(series))
    if any(study.key == known.key for known in found.volumes):
        raise ScanError("a copy of a file that is here already.")
    found.volumes.append(study)


def _start(file: SourceFile) -> bytes:
    with file.open() as content:
        return content.read(START)


def _refusal(error: ScanError, name: str) -> Refused:
    return Refused(name, str(error).removeprefix(f"{name}: "), for_now=isinstance(error, ShortageError))
