"""What the tests of DICOM files share: files of odd kinds, and how a refusal is read."""

import struct
import zlib

import numpy as np
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate

from brain_core.errors import ScanError
from brain_core.scans.dicom import decode
from brain_core.scans.source_file import SourceFile
from tests.scans.dicom_files import dataset, dicom_bytes, to_bytes

NATIVE = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)


def source(data: bytes, name: str = "a.dcm") -> SourceFile:
    return SourceFile.of_bytes(data, name)


def refused(data: bytes) -> str:
    with pytest.raises(ScanError) as caught:
        decode(source(data))
    return str(caught.value)


def ramp(dtype: type = np.uint16, rows: int = 20, columns: int = 24) -> np.ndarray:
    return np.arange(rows * columns).reshape(rows, columns).astype(dtype)


def without_meta(data: bytes) -> bytes:
    """The bare data set, as old archives keep it."""
    length = struct.unpack("<L", data[140:144])[0]
    return data[144 + length :]


def deflated(data: bytes) -> bytes:
    """The file of an explicit little endian one with its data set deflated."""
    body = without_meta(data)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    meta = dicom_bytes(ramp(), TransferSyntaxUID=uid.ExplicitVRLittleEndian)
    start = meta[: len(meta) - len(without_meta(meta))].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    at = start.index(b"1.2.840.10008.1.2.1.99") - 2
    start = start[:at] + struct.pack("<H", 22) + start[at + 2 :]
    length = struct.unpack("<L", start[140:144])[0] + 2
    return start[:140] + struct.pack("<L", length) + start[144:] + packer.compress(body) + packer.flush()


def with_codestream(pixels: np.ndarray, data: bytes, syntax: uid.UID, **attributes) -> bytes:
    ds = dataset(pixels, PixelData=None, TransferSyntaxUID=syntax, **attributes)
    ds.PixelData = encapsulate([data])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return to_bytes(ds)
