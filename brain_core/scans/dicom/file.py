"""DICOM files up to their pixels: opened, bounded in time and memory, and taken apart by pydicom."""

from __future__ import annotations

import hashlib
import io
import logging
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset
from pydicom.filereader import read_dataset, read_partial, read_preamble
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from brain_core.errors import SHORTAGES, ScanError, ShortageError
from brain_core.quiet import quiet
from brain_core.scans.raster import base_name
from brain_core.scans.source_file import SourceFile
from brain_core.settings import MEGABYTE, settings

PIXEL_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
PIXEL_VRS = (b"OB", b"OW", b"OF", b"OD", b"UN")
MOST_ON_DISK = 2_000 * MEGABYTE  # of a file with many frames that lies on disk, of which one frame is read at a time
MOST_HEADER = 64 * MEGABYTE  # all before the pixels
MOST_READS = 600_000  # steps of reading a header; each may leave an object of a kilobyte
MOST_META = 64 * 1024  # bytes of file meta information, which is about 200 in most files
PREFIX, PREFIX_PLACE = b"DICM", 128
FIRST_GROUPS = (0x0002, 0x0004, 0x0008)  # of files without a prefix
UNDEFINED = 0xFFFFFFFF  # length of pixel data in fragments
CHUNK = 1 << 20  # bytes

# What pydicom logs quotes values of the file, and so names patients.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
# Its warnings too, and for good: `quiet` ends where another library puts its own filters in place of all.
warnings.filterwarnings("ignore", module=r"(pydicom|pynetdicom|highdicom|dicomweb_client)(\.|$)")


@dataclass(frozen=True)
class PixelElement:
    """Where the pixels are.

    Attributes:
        keyword: one of `PIXEL_KEYWORDS`.
        vr: value representation, None in implicit files.
        offset, length: bytes of the value; the length is `UNDEFINED` where it comes in fragments.
    """

    keyword: str
    vr: str | None
    offset: int
    length: int


@dataclass(frozen=True, eq=False)
class Parsed:
    """A file taken apart.

    Attributes:
        header: all that stands before the pixels. It names the patient.
        syntax: transfer syntax of what `opened` gives.
        pixels: None where there are none.
        size: bytes of what `opened` gives.
    """

    file: SourceFile
    header: Dataset
    syntax: UID
    pixels: PixelElement | None
    size: int


class Metered:
    """A binary file that refuses to be read without end."""

    def __init__(self, file: BinaryIO, name: str, most_bytes: int):
        self._file, self._name = file, name
        self._bytes, self._reads = most_bytes, MOST_READS
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._file.tell())
        take = left if size is None or size < 0 else min(size, left)
        self._bytes -= take
        self._reads -= 1
        if self._bytes < 0 or self._reads < 0:
            raise ScanError(f"{self._name}: its header is larger than any that is read here.")
        return self._file.read(take)

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def refusing(name: str, what: str) -> Iterator[None]:
    """Turn whatever a damaged file raises into a `ScanError` without the file's own text, which may name a patient.

    Raises:
        ShortageError: it is this machine that cannot read it now.
    """
    try:
        with quiet():  # pydicom warns of every deviation, and quotes the values
            yield
    except ScanError:
        raise
    except MemoryError:
        raise ShortageError(f"{name}: not enough memory to read it.") from None
    except Exception as error:  # readers raise many types on damaged data; their messages quote it
        if isinstance(error, OSError) and error.errno in SHORTAGES:
            raise ShortageError(f"{name}: not read now ({error.strerror}).") from None
        raise ScanError(f"{name}: {what}") from None


@contextmanager
def opened(file: SourceFile) -> Iterator[BinaryIO]:
    """The file's content, seekable; a deflated data set is inflated.

    Raises:
        ScanError: it cannot be opened, is empty or too large, also once inflated or unpacked.
    """
    name = base_name(file.name)
    with _content(file, name) as content:
        deflated = _deflated_part(content, name)
        content.seek(0)
        yield content if deflated is None else io.BytesIO(deflated)


def is_dicom(file: SourceFile) -> bool:
    """Whether it starts as DICOM files do; False where it cannot be opened."""
    try:
        with file.open() as content:
            return _starts_as_dicom(content.read(PREFIX_PLACE + len(PREFIX)))
    except Exception:  # damaged archives raise many types; whoever reads the file will say so
        return False


def parse(file: SourceFile) -> Parsed:
    """Read all up to the pixels, which stay where they are.

    Raises:
        ScanError: not a DICOM file, or damaged.
    """
    name = base_name(file.name)
    with opened(file) as content, refusing(name, "the DICOM header is damaged."):
        if not _starts_as_dicom(content.read(PREFIX_PLACE + len(PREFIX))):
            raise ScanError(f"{name}: not a DICOM file.")
        metered = Metered(content, name, MOST_HEADER)
        header = read_partial(metered, stop_when=_at_pixels, force=True)
        implicit, little = header.original_encoding
        syntax = _syntax(header, implicit)
        pixels = _pixel_element(metered, little)
        size = content.seek(0, io.SEEK_END)
    if not len(header) and pixels is None:
        raise ScanError(f"{name}: the file ends within its header.")
    return Parsed(file, header, syntax, pixels, size)


def digest(file: SourceFile) -> str:
    """sha256 of the file's bytes, hexadecimal, in little memory.

    Raises:
        ScanError: it cannot be read.
    """
    checksum = hashlib.sha256()
    with refusing(base_name(file.name), "the file cannot be read."), file.open() as content:
        while chunk := content.read(CHUNK):
            checksum.update(chunk)
    return checksum.hexdigest()


@contextmanager
def _content(file: SourceFile, name: str) -> Iterator[BinaryIO]:
    """On disk as it lies there; in memory from elsewhere, since archives unpack all over again at a step back."""
    most = settings().max_file_bytes if file.path is None else max(MOST_ON_DISK, settings().max_file_bytes)
    if file.size > most:
        raise ScanError(f"{name}: {file.size / MEGABYTE:.0f} MB; up to {most // MEGABYTE} MB are read.")
    with refusing(name, "the file cannot be opened."):
        content = file.open()
        if file.path is None:
            with content:
                data = content.read(most + 1)
            if len(data) > most:
                raise ScanError(f"{name}: holds more than the {most // MEGABYTE} MB that are read.")
            content = io.BytesIO(data)
    with content:
        if not content.read(1):
            raise ScanError(f"{name}: the file is empty.")
        content.seek(0)
        yield content


def _starts_as_dicom(start: bytes) -> bool:
    if start[PREFIX_PLACE:] == PREFIX:
        return True
    return any(start[:2] == struct.pack(order, group) for order in ("<H", ">H") for group in FIRST_GROUPS)


def _deflated_part(content: BinaryIO, name: str) -> bytes | None:
    """The file with its data set inflated and marked so; None where it is not deflated."""
    if DeflatedExplicitVRLittleEndian.encode() not in content.read(MOST_META):
        return None
    most = settings().max_file_bytes
    with refusing(name, "the compressed data set is damaged."):
        content.seek(0)
        read_preamble(content, force=True)
        meta = read_dataset(content, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return None
        place = content.tell()
        content.seek(0)
        start = content.read(place).replace(
            DeflatedExplicitVRLittleEndian.encode(),
            ExplicitVRLittleEndian.encode().ljust(len(DeflatedExplicitVRLittleEndian), b"\0"),
        )
        unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content.read(most), most + 1)
    if len(unpacked) > most:
        raise ScanError(f"{name}: unpacks to more than the {most // MEGABYTE} MB that are read.")
    return start + unpacked


def _at_pixels(tag: int, vr: str | None, length: int) -> bool:
    return tag in PIXEL_KEYWORDS


def _syntax(header: Dataset, implicit: bool) -> UID:
    """The transfer syntax, guessed from what was read where the file does not say."""
    stated = header.file_meta.get("TransferSyntaxUID")
    if stated:
        return UID(str(stated).strip("\0 "))
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if header.original_encoding[1] else UID("1.2.840.10008.1.2.2")


def _pixel_element(content: Metered, little: bool) -> PixelElement | None:
    """The element that reading stopped at. Some files are implicit against what they say, so its own bytes decide."""
    order = "<" if little else ">"
    start = content.read(8)
    if len(start) < 8:
        return None
    group, element = struct.unpack(f"{order}HH", start[:4])
    explicit = start[4:6] in PIXEL_VRS
    raw_length = content.read(4) if explicit else start[4:]
    keyword = PIXEL_KEYWORDS.get(group << 16 | element)
    if keyword is None or len(raw_length) < 4:
        return None
    (length,) = struct.unpack(f"{order}L", raw_length)
    return PixelElement(keyword, start[4:6].decode() if explicit else None, content.tell(), length)
