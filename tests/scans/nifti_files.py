"""NIfTI files for tests, made by nibabel."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np

from brain_core.scans.source_file import SourceFile


def nifti_bytes(
    array: np.ndarray, affine: np.ndarray | None = None, *, version: int = 1, big_endian: bool = False, **fields
) -> bytes:
    """An uncompressed file.

    Args:
        affine: from voxels to patient millimetres in RAS+ (as NIfTI has it), the identity by default.
        fields: of the header, set afterwards.
    """
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    header = kind.header_class(endianness=">" if big_endian else "<")
    image = kind(array, np.eye(4) if affine is None else affine, header, dtype=array.dtype)
    data = bytearray(image.to_bytes())
    if not fields:
        return bytes(data)
    written = kind.header_class(bytes(data[: kind.header_class.sizeof_hdr]), check=False)
    for name, value in fields.items():
        written[name] = value
    data[: kind.header_class.sizeof_hdr] = written.binaryblock
    return bytes(data)


def nifti_file(array: np.ndarray, affine: np.ndarray | None = None, *, name: str = "head.nii", **options) -> SourceFile:
    """As `nifti_bytes`; packed where the name ends in .gz."""
    data = nifti_bytes(array, affine, **options)
    return SourceFile.of_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data, name)
