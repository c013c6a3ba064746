"""Data sets as DICOM files: with the file meta information that says how they are encoded and who wrote the file."""

from __future__ import annotations

from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

PREAMBLE = b"\0" * 128
WRITER = UID("2.25.261743984241513723983366785959466198590")  # of this program's files (PS3.7 D.3.3.2); never to change
WRITER_NAME = "BRAIN"


def file_meta(sop_class: str, sop_instance: str, syntax: str) -> FileMetaDataset:
    """The same for the same instance, however it came here: whoever compares files finds them equal."""
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0  # is set when it is written
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = WRITER
    meta.ImplementationVersionName = WRITER_NAME
    return meta


def as_file(ds: Dataset) -> FileDataset:
    """A DICOM file's data set on the same elements; ``ds`` stays as it is."""
    given = getattr(ds, "file_meta", None) or FileMetaDataset()
    syntax = UID(given.get("TransferSyntaxUID") or ExplicitVRLittleEndian)
    meta = file_meta(ds.SOPClassUID, ds.SOPInstanceUID, syntax)
    return FileDataset("", ds, PREAMBLE, meta, syntax.is_implicit_VR, syntax.is_little_endian)
