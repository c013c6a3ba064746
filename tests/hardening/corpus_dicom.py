"""Bad DICOM files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from tests.scans.dicom_files import dataset, dicom_bytes, enhanced, head_volume, to_bytes

SIDE = 64
MISSING = (
    "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PhotometricInterpretation",
    "PixelRepresentation", "PixelData", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID",
    "Modality", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "WindowCenter", "PatientID",
    "SpecificCharacterSet", "InstanceNumber",
)  # fmt: skip
WRONG = {
    "Rows": (0, 1, 65535, 63), "Columns": (0, 65535), "BitsAllocated": (0, 7, 16 * 16, 64), "BitsStored": (0, 99),
    "SamplesPerPixel": (0, 3, 4, 255), "PixelRepresentation": (7,), "NumberOfFrames": ("0", "-1", "2147483647", "x"),
    "PhotometricInterpretation": ("", "RGB", "PALETTE COLOR", "YBR_FULL_422", "<img src=x>", "MONOCHROME9"),
    "WindowWidth": ("0", "-5", "1e400", "nan"), "WindowCenter": (["1"] * 90, "inf"), "PixelSpacing": ([0, 0], [-1, 1]),
    "RescaleSlope": ("0", "1e300", "abc"), "ImageOrientationPatient": ([0] * 6, [1, 0, 0], [9e9] * 6),
    "ImagePositionPatient": ([1e30] * 3, [1]), "SeriesDescription": ("\x1b[2J\x1b]0;x\x07", "A" * 5000),
    "SOPClassUID": ("1.2.3", "not a uid", "1" * 64), "SpecificCharacterSet": ("ISO_IR 9999", ["", "ISO 2022 IR 87"]),
    "PixelPaddingValue": (65535, 700), "Modality": ("CT", "<b>", ""), "SeriesNumber": ("99999999999999999999", "1.5"),
}  # fmt: skip


def head(side: int = SIDE) -> np.ndarray:
    return head_volume(1, size=side)[0]


@cache
def good() -> dict[str, bytes]:
    """By name, files that can be read: every kind of encoding."""
    found = {
        "plain.dcm": dicom_bytes(head()),
        "implicit.dcm": dicom_bytes(head(), TransferSyntaxUID=ImplicitVRLittleEndian),
        "big.dcm": dicom_bytes(head(), TransferSyntaxUID=ExplicitVRBigEndian),
        "deflated.dcm": dicom_bytes(head(), TransferSyntaxUID=DeflatedExplicitVRLittleEndian),
        "frames.dcm": to_bytes(enhanced(head_volume(4, size=SIDE))),
        "jpeg.dcm": _jpeg(),
    }
    for name, syntax in (("rle", RLELossless), ("jpegls", JPEGLSLossless), ("j2k", JPEG2000Lossless)):
        packed = dataset(head())
        packed.compress(syntax, generate_instance_uid=False)
        found[f"{name}.dcm"] = to_bytes(packed)
    return found


def _jpeg(data: bytes | None = None, frames: int | None = None) -> bytes:
    if data is None:
        buffer = io.BytesIO()
        Image.fromarray((head() // 8).astype(np.uint8)).save(buffer, "JPEG", quality=95)
        data = buffer.getvalue()
    about = {"NumberOfFrames": frames} if frames else {}
    ds = dataset(np.zeros((SIDE, SIDE), np.uint8), TransferSyntaxUID=JPEGBaseline8Bit, PixelData=None, **about)
    ds.PixelData = encapsulate([data])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return to_bytes(ds)


def odd() -> Iterator[tuple[str, bytes, str]]:
    yield "empty.dcm", b"", "empty"
    yield "prefix.dcm", bytes(128) + b"DICM", "a prefix alone"
    yield "head.dcm", bytes(128) + b"DICM" + b"\xff" * 500, "a prefix and noise"
    for keyword in MISSING:
        yield "head.dcm", dicom_bytes(head(), **{keyword: None}), f"without {keyword}"
    for keyword, values in WRONG.items():
        for value in values:
            yield "head.dcm", _with(keyword, value), f"{keyword} = {value!r:.40}"
    yield from _lengths()
    yield from _sequences()
    yield from _compressed()
    yield "many.dcm", to_bytes(enhanced(head_volume(4, size=SIDE), NumberOfFrames=50_000)), "50,000 frames claimed"
    yield "directory", dicom_bytes(head(), SOPClassUID="1.2.840.10008.1.3.10", PixelData=None), "a DICOMDIR"


def _with(keyword: str, value) -> bytes:
    """A value that pydicom itself would not write, put in as it is."""
    ds = dataset(head())
    tag, vr = Tag(tag_for_keyword(keyword)), dictionary_VR(tag_for_keyword(keyword)).split(" ")[0]
    values = value if isinstance(value, list) else [value]
    if vr == "US":
        raw = b"".join(struct.pack("<H", x) for x in values)
    else:
        raw = "\\".join(map(str, values)).encode()
        raw += b" " * (len(raw) % 2)
    ds[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True)
    return to_bytes(ds)


def _lengths() -> Iterator[tuple[str, bytes, str]]:
    """Elements that claim more, or less, than they have."""
    data = dicom_bytes(head())
    for tag, what in (
        (b"\x08\x00\x18\x00", "SOP instance UID"),
        (b"\x10\x00\x10\x00", "name"),
        (b"\x28\x00\x10\x00", "rows"),
    ):
        place = data.index(tag, 200) + 6
        for length in (0, 1, 3, 0xFFFE):
            yield "head.dcm", data[:place] + struct.pack("<H", length) + data[place + 2 :], f"{what}: {length} bytes"
    place = data.index(b"\xe0\x7f\x10\x00OW") + 8
    for length in (0, 1, 7, 0x7FFFFFFE, 0xFFFFFFFF):
        yield "head.dcm", data[:place] + struct.pack("<I", length) + data[place + 4 :], f"pixels: {length} bytes"
    place = data.index(b"\x02\x00\x00\x00UL") + 8
    for length in (0, 5, 0xFFFFFFFF):
        yield "head.dcm", data[:place] + struct.pack("<I", length) + data[place + 4 :], f"meta group: {length} bytes"


def _sequences() -> Iterator[tuple[str, bytes, str]]:
    """Deep, endless and crowded ones, before the pixels."""
    data = dicom_bytes(head())
    place = data.index(b"\x10\x00\x10\x00PN")
    undefined, item = b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0"
    sequence = b"\x08\x00\x40\x11SQ\0\0" + undefined
    for depth in (50, 990, 5_000, 100_000):
        yield "deep.dcm", data[:place] + (sequence + item + undefined) * depth + data[place:], f"{depth} sequences deep"
    closing = (item[:2] + b"\x0d\xe0" + bytes(4)) + (item[:2] + b"\xdd\xe0" + bytes(4))
    for depth in (50, 990, 5_000):
        whole = (sequence + item + undefined) * depth + closing * depth
        yield "deep.dcm", data[:place] + whole + data[place:], f"{depth} sequences deep, closed"
    for count in (10_000, 30_000):
        crowd = sequence + (item + bytes(4)) * count + closing[8:]
        yield "crowd.dcm", data[:place] + crowd + data[place:], f"{count} items"
    sized = b"\x08\x00\x40\x11SQ\0\0" + struct.pack("<I", 8)
    yield (
        "short.dcm",
        data[:place] + sized + item + struct.pack("<I", 4000) + data[place:],
        "an item beyond its sequence",
    )
    pixels = b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", 8) + bytes(8)
    inner = sequence + item + undefined + pixels + closing
    yield "icon.dcm", data[:place] + inner + data[place:], "pixels in a sequence"


def _compressed() -> Iterator[tuple[str, bytes, str]]:
    """Fragments and codestreams that are not what they say."""
    yield "jpeg.dcm", _jpeg(b"\xff\xd8\xff\xd9"), "an empty picture"
    yield "jpeg.dcm", _jpeg(b"no picture"), "text in place of a picture"
    yield "jpeg.dcm", _jpeg(frames=3), "three frames claimed, one there"
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((600, 600), np.uint8)).save(buffer, "JPEG")
    yield "jpeg.dcm", _jpeg(buffer.getvalue()), "a picture of another size"
    jpeg = bytearray(buffer.getvalue())
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, 65500, 65500)
    yield "jpeg.dcm", _jpeg(bytes(jpeg)), "a picture of 4 gigapixels"
    for name in ("rle.dcm", "jpegls.dcm", "j2k.dcm", "jpeg.dcm"):
        data = good()[name]
        place = data.index(b"\xe0\x7f\x10\x00OB") + 12
        for what, changed in {
            "no fragments": data[:place] + b"\xfe\xff\xdd\xe0" + bytes(4),
            "an offset beyond the end": data[:place]
            + b"\xfe\xff\x00\xe0\x04\0\0\0\xff\xff\xff\x7f"
            + data[place + 8 :],
            "a fragment without end": data[: place + 12] + b"\xff\xff\xff\xff" + data[place + 16 :],
            "fragments of nothing": data[:place] + b"\xfe\xff\x00\xe0\0\0\0\0" * 9,
            "uncompressed by its name": data.replace(
                _uid_of(data), b"1.2.840.10008.1.2.1".ljust(len(_uid_of(data)), b"\0")
            ),
        }.items():
            yield name, changed, what
    for syntax in (b"1.2.840.10008.1.2.4.100", b"1.2.840.10008.1.2.4.999", b"1.2.840.10008.1.2.5    ", b"9.9.9"):
        plain = good()["plain.dcm"]
        yield "syntax.dcm", plain.replace(b"1.2.840.10008.1.2.1\0", syntax[:20].ljust(20, b"\0"), 1), f"syntax {syntax}"


def _uid_of(data: bytes) -> bytes:
    place = data.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack("<H", data[place + 6 : place + 8])[0]
    return data[place + 8 : place + 8 + length]
