"""From a DICOM file to what is asked of it: its header for a series, a frame, who it is of."""

from __future__ import annotations

import hashlib

from pydicom import Dataset
from pydicom.valuerep import PersonName

from brain_core.errors import ScanError
from brain_core.scans.dicom.file import Parsed, parse, refusing
from brain_core.scans.dicom.instance import Instance, instance_of
from brain_core.scans.dicom.kinds import refusal
from brain_core.scans.dicom.layout import pixel_source
from brain_core.scans.dicom.values import clean, text, values
from brain_core.scans.frame import Frame
from brain_core.scans.raster import base_name
from brain_core.scans.series import Identity
from brain_core.scans.source_file import SourceFile

DATE_DIGITS = 8  # YYYYMMDD
LONG_NAME = 128  # characters of a person's name that are shown


def read_header(file: SourceFile) -> Instance:
    """What a series needs to know of an MR image; its pixels are not read.

    Raises:
        ScanError: not a DICOM file, damaged, truncated, too large, not an image, of another modality, or its pixels
            are of a kind that is not read. The message starts with the file's name as given.
    """
    return _instance(parse(file))


def read_with_identity(file: SourceFile) -> tuple[Instance, Identity]:
    """As `read_header` and `read_identity`, the file being taken apart once.

    Raises:
        ScanError: as `read_header`.
    """
    parsed = parse(file)
    return _instance(parsed), _identity(parsed)


def decode(file: SourceFile, frame_number: int = 1) -> Frame:
    """One frame of an MR image, from 1; `Instance.read` does it without reading the header again.

    Raises:
        ScanError: as `read_header`; there is no such frame, or its pixels are damaged.
    """
    return read_header(file).read(frame_number)


def header_dataset(file: SourceFile) -> Dataset:
    """All attributes before the pixels, to refer to the file in a report; what cannot be understood is left out.

    It names the patient: nothing of it may be kept, logged or shown.

    Raises:
        ScanError: not a DICOM file, or damaged.
    """
    parsed = parse(file)
    with refusing(base_name(file.name), "the DICOM header is damaged."):
        _drop_damaged(parsed.header)
    return parsed.header


def read_identity(file: SourceFile) -> Identity:
    """Who the patient is, in the file's own character sets; bytes outside them become replacement characters.

    Raises:
        ScanError: not a DICOM file, or damaged.
    """
    return _identity(parse(file))


def slice_key(file_sha256: str, frame_number: int | None = None) -> str:
    """What results of a slice are kept by: the file's checksum, in a multi-frame file one for every frame."""
    if frame_number is None:
        return file_sha256
    return hashlib.sha256(f"{file_sha256}:{frame_number}".encode()).hexdigest()


def _instance(parsed: Parsed) -> Instance:
    with refusing(base_name(parsed.file.name), "the DICOM header is damaged."):
        sop_class = _sop_class(parsed)
        if reason := refusal(sop_class, text(parsed.header, "Modality").upper()):
            raise ScanError(f"{base_name(parsed.file.name)}: {reason}.")
        return instance_of(parsed.file, parsed.header, pixel_source(parsed), sop_class)


def _identity(parsed: Parsed) -> Identity:
    header = parsed.header
    with refusing(base_name(parsed.file.name), "the DICOM header is damaged."):
        return Identity(
            name=", ".join(filter(None, (_person(x) for x in values(header, "PatientName")))),
            patient_id=text(header, "PatientID"),
            birth_date=_date(text(header, "PatientBirthDate")),
            sex=text(header, "PatientSex", 16),
            study_date=_date(text(header, "StudyDate")),
            study_description=text(header, "StudyDescription"),
            accession_number=text(header, "AccessionNumber"),
        )


def _sop_class(parsed: Parsed) -> str:
    stated = text(parsed.header, "SOPClassUID")
    return stated or text(parsed.header.file_meta, "MediaStorageSOPClassUID")


def _drop_damaged(ds: Dataset) -> None:
    for tag in list(ds.keys()):
        try:
            element = ds[tag]
            for item in element.value if element.VR == "SQ" else ():
                _drop_damaged(item)
        except Exception:  # pydicom converts at the first access, and meets any damage with many kinds of errors
            del ds[tag]


def _person(name: PersonName | str) -> str:
    """``Family, Given Middle`` in letters, else in ideographs, else as it is spoken."""
    groups = [clean(group, LONG_NAME) for group in str(name).split("=")]
    chosen = next((group for group in groups if group.strip("^ ")), "")
    family, *rest = (part.strip() for part in chosen.split("^"))
    given = " ".join(filter(None, rest[:2]))
    return ", ".join(filter(None, (family, given)))


def _date(stated: str) -> str:
    """``YYYY-MM-DD`` where it is a date, else as it is."""
    plain = len(stated) == DATE_DIGITS and stated.isdecimal()
    return f"{stated[:4]}-{stated[4:6]}-{stated[6:]}" if plain else stated
