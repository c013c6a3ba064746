"""From a parsed DICOM file to the source of its frames: every claim of the header checked before pixels are touched."""

from __future__ import annotations

import math
from typing import BinaryIO

from pydicom import Dataset
from pydicom.uid import UID

from brain_core.errors import ScanError
from brain_core.scans.dicom.decoders import missing_decoder
from brain_core.scans.dicom.display import Display, display_of
from brain_core.scans.dicom.file import UNDEFINED, Metered, Parsed, PixelElement, opened, refusing
from brain_core.scans.dicom.pixels import COLOUR, COMPRESSED_ONLY, GREY, PALETTE, PixelSource
from brain_core.scans.dicom.values import first_item, items, text, value, whole
from brain_core.scans.raster import MAX_ELONGATION, MIN_SIDE, base_name
from brain_core.settings import settings

REQUIRED = ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "PhotometricInterpretation")
REQUIRED_OF_WHOLE_NUMBERS = ("BitsStored", "PixelRepresentation")
DEPTHS = {"PixelData": (1, 8, 16, 32), "FloatPixelData": (32,), "DoubleFloatPixelData": (64,)}  # bits allocated
MOST_FRAMES = 50_000  # 500 volumes of 100 slices
GROUPS = (0x0028, 0x7FE0)  # image pixel and its neighbours; offsets of compressed frames
ITEM, DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"  # of fragments, little endian as all compressed files


def pixel_source(parsed: Parsed) -> PixelSource:
    """The frames of a file.

    Raises:
        ScanError: an attribute is missing or makes no sense, the picture is too large or too small, the pixels are
            truncated or no decoder for them is installed.
    """
    name = base_name(parsed.file.name)
    header, element = parsed.header, parsed.pixels
    _check_attributes(header, element, name)
    rows, columns = whole(header, "Rows"), whole(header, "Columns")
    _check_size(rows, columns, name)
    count = _frame_count(header, name)
    photometric = _photometric(header, element, name)
    if reason := missing_decoder(parsed.syntax):
        raise ScanError(f"{name}: {reason}.")
    if photometric in COMPRESSED_ONLY and not parsed.syntax.is_encapsulated:
        raise ScanError(f"{name}: colours stored as {photometric} without compression are not read.")
    if parsed.syntax.is_encapsulated:
        _check_fragments(parsed, count, name)
    else:
        _check_length(parsed, rows * columns, photometric, count, name)
    module = _module(header, parsed.syntax)
    notes = ("The file holds graphics laid over the image; they are not shown.",) if _has_overlay(header) else ()
    displays = _displays(header, count)
    return PixelSource(parsed.file, parsed.syntax, element, module, rows, columns, photometric, count, displays, notes)


def _check_attributes(header: Dataset, element: PixelElement | None, name: str) -> None:
    whole_numbers = element is None or element.keyword == "PixelData"
    for keyword in REQUIRED + (REQUIRED_OF_WHOLE_NUMBERS if whole_numbers else ()):
        if value(header, keyword) is None:
            raise ScanError(f"{name}: the attribute {keyword} is missing or empty; without it there is no image.")
        if keyword != "PhotometricInterpretation" and (whole(header, keyword) is None or whole(header, keyword) < 0):
            raise ScanError(f"{name}: the attribute {keyword} is not a number.")
    if element is None:
        raise ScanError(f"{name}: the attribute PixelData is missing; there is no image, or the file ends before it.")
    allocated, depths = whole(header, "BitsAllocated"), DEPTHS[element.keyword]
    stored = whole(header, "BitsStored") if whole_numbers else allocated
    if allocated not in depths or not 1 <= stored <= allocated:
        raise ScanError(
            f"{name}: {stored} bits stored in {allocated}; expected pixels in {', '.join(map(str, depths))} bits."
        )


def _check_size(rows: int, columns: int, name: str) -> None:
    if rows * columns > settings().max_pixels:
        raise ScanError(
            f"{name}: claims {columns} x {rows} pixels; pictures of up to {settings().max_megapixels} megapixels "
            "are read."
        )
    if min(rows, columns) < MIN_SIDE:
        raise ScanError(f"{name}: {columns} x {rows} pixels; a scan needs at least {MIN_SIDE} x {MIN_SIDE}.")
    if max(rows, columns) > MAX_ELONGATION * min(rows, columns):
        raise ScanError(f"{name}: {columns} x {rows} pixels; a strip this long is not a scan of a head.")


def _frame_count(header: Dataset, name: str) -> int:
    if value(header, "NumberOfFrames") is None and "NumberOfFrames" not in header:
        return 1
    count = whole(header, "NumberOfFrames")
    if count is None and not text(header, "NumberOfFrames"):
        return 1  # there, but empty
    if count is None or count < 1:
        raise ScanError(f"{name}: holds {text(header, 'NumberOfFrames', 12)} frames; there is nothing to read.")
    if count > MOST_FRAMES:
        raise ScanError(f"{name}: claims {count} frames; files of up to {MOST_FRAMES} are read.")
    return count


def _photometric(header: Dataset, element: PixelElement, name: str) -> str:
    photometric, samples = text(header, "PhotometricInterpretation"), whole(header, "SamplesPerPixel")
    expected = 3 if photometric in COLOUR else 1
    if photometric not in (*GREY, PALETTE, *COLOUR):
        raise ScanError(f"{name}: pixels of the kind {photometric[:16]!r} (PhotometricInterpretation) are not read.")
    if samples != expected or (samples == 3 and element.keyword != "PixelData"):
        raise ScanError(f"{name}: {samples} samples per pixel; {photometric} has {expected}.")
    if samples == 3 and whole(header, "BitsAllocated") == 1:
        raise ScanError(f"{name}: colours of 1 bit are not read.")
    return photometric


def _check_length(parsed: Parsed, pixels: int, photometric: str, count: int, name: str) -> None:
    """Uncompressed pixels: as many bytes as the header's numbers ask for."""
    samples = 2 if photometric == "YBR_FULL_422" else whole(parsed.header, "SamplesPerPixel")
    bits = pixels * samples * whole(parsed.header, "BitsAllocated")
    needed = math.ceil(bits * count / 8)
    stated = parsed.pixels.length if parsed.pixels.length != UNDEFINED else parsed.size
    there = min(stated, parsed.size - parsed.pixels.offset)
    if there >= needed:
        return
    if count > 1:
        raise ScanError(f"{name}: claims {count} frames, but its pixels suffice for {there * 8 // bits}.")
    raise ScanError(f"{name}: the pixels are truncated ({there} of {needed} bytes).")


def _check_fragments(parsed: Parsed, count: int, name: str) -> None:
    """Compressed pixels: whole fragments, and no fewer of them than frames."""
    if parsed.pixels.length != UNDEFINED:
        raise ScanError(f"{name}: compressed pixels without fragments; its transfer syntax may be wrong.")
    with opened(parsed.file) as content, refusing(name, "the compressed pixels are damaged."):
        found, whole_to_the_end = _fragments(content, parsed, name)
    if not whole_to_the_end:
        raise ScanError(f"{name}: the compressed pixels are truncated or damaged.")
    if found < count:
        frames = "a frame" if count == 1 else f"{count} frames"
        raise ScanError(f"{name}: claims {frames}, but its pixels suffice for {max(0, found) or 'none'}.")


def _fragments(content: BinaryIO, parsed: Parsed, name: str) -> tuple[int, bool]:
    """How many fragments follow the table of offsets, and whether the last ends within the file."""
    metered, place, found = Metered(content, name, parsed.size), parsed.pixels.offset, -1
    while place < parsed.size:
        metered.seek(place)
        start = metered.read(8)
        if start[:4] == DELIMITER:
            return found, True
        if start[:4] != ITEM or len(start) < 8:
            return found, False
        place += 8 + int.from_bytes(start[4:], "little")
        found += 1
    return found, place == parsed.size  # some writers leave the delimiter out


def _module(header: Dataset, syntax: UID) -> Dataset:
    """Group 0028 and the offsets of frames: all that decoding needs, and nothing of the patient."""
    module = Dataset()
    for tag in header.keys():  # noqa: SIM118 - iterating a data set converts, and may fail
        if tag.group in GROUPS:
            try:
                module[tag] = header[tag]
            except Exception:  # damaged and, being none of those that were asked for, not needed
                continue
    module.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian)
    module.PhotometricInterpretation = text(header, "PhotometricInterpretation")
    for keyword in ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", *REQUIRED_OF_WHOLE_NUMBERS):
        if whole(header, keyword) is not None:
            setattr(module, keyword, whole(header, keyword))
    if whole(header, "SamplesPerPixel") == 3 and whole(header, "PlanarConfiguration") not in (0, 1):
        module.PlanarConfiguration = 0
    return module


def _displays(header: Dataset, count: int) -> tuple[Display, ...]:
    # As pydicom has it: a header without its own encoding is little endian.
    little = header.original_encoding[1] is not False
    signed = whole(header, "PixelRepresentation") == 1
    shared = first_item(header, "SharedFunctionalGroupsSequence")
    own = items(header, "PerFrameFunctionalGroupsSequence")

    def display(frame: Dataset | None) -> Display:
        transformation, voi = (
            next((x for x in (first_item(frame, keyword), first_item(shared, keyword)) if x is not None), header)
            for keyword in ("PixelValueTransformationSequence", "FrameVOILUTSequence")
        )
        return display_of(transformation, voi, little_endian=little, signed=signed)

    if not own:
        return (display(None),)
    return tuple(display(own[i] if i < len(own) else None) for i in range(count))


def _has_overlay(header: Dataset) -> bool:
    return any(0x6000 <= tag.group <= 0x601E and tag.element == 0x3000 for tag in header.keys())  # noqa: SIM118
