"""What a compressed picture says of itself, read before a decoder reserves memory for it."""

from __future__ import annotations

import struct

START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC} | {0xF7}  # JPEG, and JPEG-LS (ISO 14495-1)
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}  # markers of JPEG that stand alone
SCAN, END = 0xDA, 0xD9
END_MARK = b"\xff\xd9"  # the same in JPEG and JPEG 2000
J2K_START = b"\xff\x4f\xff\x51"  # ISO 15444-1: start of codestream, then at once its size


def claimed_size(data: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, components) of a JPEG, JPEG-LS or (HT)JPEG 2000 codestream; None where it has no header."""
    if data[:2] == b"\xff\xd8":
        return _jpeg(data)
    place = data.find(J2K_START)
    return _jpeg_2000(data[place + len(J2K_START) :]) if place >= 0 else None


def is_complete(data: bytes) -> bool:
    """Whether a codestream ends with its end marker; without one, decoders fill in grey or do not come to an end."""
    return data.rstrip(b"\0")[-2:] == END_MARK


def _jpeg(data: bytes) -> tuple[int, int, int] | None:
    place = 2
    while 0 <= place < len(data) - 9:
        marker = data[place + 1]
        if data[place] != 0xFF or marker in (0x00, 0xFF):
            place = data.find(b"\xff", place + 1)
        elif marker in START_OF_FRAME:
            rows, columns, components = struct.unpack(">HHB", data[place + 5 : place + 10])
            return rows, columns, components
        elif marker in (SCAN, END):
            return None
        elif marker in WITHOUT_LENGTH:
            place += 2
        else:
            place += 2 + struct.unpack(">H", data[place + 2 : place + 4])[0]
    return None


def _jpeg_2000(data: bytes) -> tuple[int, int, int] | None:
    if len(data) < 38:
        return None
    right, bottom, left, top = struct.unpack(">IIII", data[4:20])
    (components,) = struct.unpack(">H", data[36:38])
    return bottom - top, right - left, components
