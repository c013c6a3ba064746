"""DICOM files: what they are, their frames, and who they are of."""

from brain_core.scans.dicom.file import digest, is_dicom
from brain_core.scans.dicom.instance import FrameInfo, Instance
from brain_core.scans.dicom.reading import (
    decode,
    header_dataset,
    read_header,
    read_identity,
    read_with_identity,
    slice_key,
)

__all__ = [
    "FrameInfo",
    "Instance",
    "decode",
    "digest",
    "header_dataset",
    "is_dicom",
    "read_header",
    "read_identity",
    "read_with_identity",
    "slice_key",
]
