"""Bad files of every format that is taken in, made from phantoms: the same ones each time, none of them stored."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from brain_core.scans.phantom import Lesion, Phantom, draw
from tests.hardening import corpus_dicom, corpus_nifti, corpus_zip

SIDE = 96
FLIPS, HEADERS, CUTS = 5, 5, (0.02, 0.2, 0.5, 0.9, 0.999)


@dataclass(frozen=True)
class Entry:
    """A file as it is uploaded, and what was done to it."""

    name: str
    data: bytes
    about: str


def entries() -> list[Entry]:
    """All of them, in order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, that what it is to write is not as it should be
        return [Entry(*made) for make in MAKERS for made in make()]


def mutations(name: str, data: bytes, *, header: int = 120) -> Iterator[tuple[str, bytes, str]]:
    """Cut, flipped, lied about, mislabelled, and with something before or behind it."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    for share in CUTS:
        yield name, data[: max(1, int(share * len(data)))], f"cut to {share:g}"
    for reach, count, what in ((len(data), FLIPS, "flipped"), (min(header, len(data)), HEADERS, "header flipped")):
        for i in range(count):
            changed = bytearray(data)
            for place in rng.integers(0, reach, 1 + 3 * i):
                changed[place] ^= 1 << int(rng.integers(8))
            yield name, bytes(changed), f"{what} {i}"
    start = int(rng.integers(len(data) // 4, len(data) // 2))
    yield name, data[:start] + data[start + len(data) // 8 :], "a part missing"
    yield name, data[:start] + bytes(len(data) // 4) + data[start + len(data) // 4 :], "a part blank"
    yield name, rng.bytes(16) + data[16:], "another magic"
    yield name, b"MZ\x90\0" + bytes(60) + data, "a program before it"
    yield name, b"<html><script>alert(1)</script>" + data, "a page before it"
    yield name, data + corpus_zip.zipped({"a.txt": b"x"}), "a zip behind it"
    yield name, data[:header] + data, "its header twice"
    yield name.rpartition(".")[0] + ".png", data[1:], "named as a picture, without its first byte"


def phantom(side: int = SIDE) -> np.ndarray:
    return draw(Phantom(seed=4, lesion=Lesion(), size=side)).pixels


FORMATS = {
    "jpg": ("JPEG", {}), "png": ("PNG", {}), "bmp": ("BMP", {}), "tif": ("TIFF", {"compression": "tiff_lzw"}),
    "webp": ("WEBP", {}), "gif": ("GIF", {}), "pgm": ("PPM", {}), "jp2": ("JPEG2000", {}),
}  # fmt: skip


def encoded(picture: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pictures() -> Iterator[tuple[str, bytes, str]]:
    for suffix, (kind, options) in FORMATS.items():
        yield from mutations(f"head.{suffix}", encoded(phantom(), kind, **options))


def odd_pictures() -> Iterator[tuple[str, bytes, str]]:
    grey = phantom()
    image = Image.fromarray(grey)
    yield "empty.png", b"", "empty"
    yield "byte.jpg", b"\xff", "a byte"
    yield "text.png", b"no picture at all", "text"
    yield "cmyk.jpg", encoded(image.convert("CMYK"), "JPEG"), "CMYK"
    yield "cmyk.tif", encoded(image.convert("CMYK"), "TIFF"), "CMYK"
    yield "deep.png", encoded(grey.astype(np.uint16) * 257, "PNG"), "16 bits"
    yield "deep.tif", encoded(grey.astype(np.uint16) * 16, "TIFF"), "12 bits in 16"
    yield "signed.tif", encoded(grey.astype(np.int32) - 100, "TIFF"), "negative values"
    for what in (np.nan, np.inf, -1.0, 1e30):
        values = grey.astype(np.float32)
        values[3, 3] = what
        yield "float.tif", encoded(values, "TIFF"), f"a value of {what}"
    frames = [Image.fromarray(np.roll(grey, i, 1)) for i in range(5)]
    for suffix, kind in (("gif", "GIF"), ("webp", "WEBP"), ("tif", "TIFF"), ("png", "PNG")):
        moving = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        yield f"moving.{suffix}", moving, "several frames"
        yield f"moving.{suffix}", moving[: len(moving) * 2 // 3], "several frames, cut"
    yield "flat.png", encoded(np.zeros((64, 64), np.uint8), "PNG"), "one grey value"
    for shape in ((1, 1), (15, 200), (16, 2000), (2, 60_000)):
        yield "strip.png", encoded(np.arange(shape[0] * shape[1], dtype=np.uint8).reshape(shape), "PNG"), f"{shape}"
    yield from _giants()
    png = encoded(grey, "PNG")
    yield "text.png", _with_chunk(png, b"zTXt", b"k\0\0" + zlib.compress(bytes(90_000_000), 9)), "a text that unpacks"
    yield (
        "colour.png",
        _with_chunk(png, b"iCCP", b"k\0\0" + zlib.compress(bytes(9_000_000), 9)),
        "a profile that unpacks",
    )
    yield "long.png", png[:33] + struct.pack(">I", 0x7FFFFFFF) + png[37:], "a chunk of 2 GB"
    yield "short.png", _png(16_000, 2_400, zlib.compress(bytes(10))), "too little for its size"
    yield "bomb.png", _png(6_000, 6_000, zlib.compress(bytes(36_006_000), 9)), "36 megapixels of nothing"
    yield "bomb.png", _png(11_000, 11_000, zlib.compress(bytes(11_001 * 11_000), 1)), "121 megapixels of nothing"
    exif = Image.Exif()
    exif[0x0112] = 9999
    yield "turned.jpg", encoded(image, "JPEG", exif=exif), "no such orientation"
    tiff = bytearray(encoded(grey, "TIFF"))
    place = struct.unpack("<I", tiff[4:8])[0]
    count = struct.unpack("<H", tiff[place : place + 2])[0]
    struct.pack_into("<I", tiff, place + 2 + 12 * count, place)
    yield "loop.tif", bytes(tiff), "a directory that follows itself"
    for tag in (256, 257, 258, 259, 273, 277, 278, 279):
        yield "lie.tif", _tiff_with(bytes(tiff), place, count, tag, 0xFFFFFFF0), f"tag {tag} is huge"
    yield "maxval.pgm", b"P5\n96 96\n0\n" + bytes(96 * 96), "a largest value of 0"
    yield "ascii.pgm", b"P2\n96 96\n255\n" + b"9" * 10_000, "a number without end"
    yield "comment.pgm", b"P5\n#" + b"x" * 1_000_000 + b"\n96 96\n255\n", "a comment without end"


def _giants() -> Iterator[tuple[str, bytes, str]]:
    """Small files that claim very many pixels."""
    for side in (7_000, 60_000, 0x7FFFFFFF):
        yield "giant.png", _png(side, side, zlib.compress(bytes(100))), f"claims {side} pixels a side"
        yield "giant.pgm", f"P5\n{side} {side}\n255\n".encode(), f"claims {side} pixels a side"
        bmp = bytearray(encoded(phantom(), "BMP"))
        struct.pack_into("<ii", bmp, 18, side, -side)
        yield "giant.bmp", bytes(bmp), f"claims {side} pixels a side, upside down"
        jp2 = encoded(phantom(), "JPEG2000")
        wide = bytearray(jp2)
        struct.pack_into(">II", wide, jp2.index(b"ihdr") + 4, side, side)
        struct.pack_into(">II", wide, jp2.index(b"\xff\x51") + 6, side, side)
        yield "giant.jp2", bytes(wide), f"claims {side} pixels a side"
    gif = bytearray(encoded(phantom(), "GIF"))
    struct.pack_into("<HH", gif, 6, 65535, 65535)
    yield "giant.gif", bytes(gif), "claims 65535 pixels a side"
    jpg = bytearray(encoded(phantom(), "JPEG"))
    struct.pack_into(">HH", jpg, jpg.index(b"\xff\xc0") + 5, 65500, 65500)
    yield "giant.jpg", bytes(jpg), "claims 65500 pixels a side"
    webp = bytearray(encoded(phantom(), "WEBP", lossless=True))
    webp[21:25] = b"\xff\xff\xff\x0f"
    yield "giant.webp", bytes(webp), "claims 16384 pixels a side"
    struct.pack_into(">HH", jpg, jpg.index(b"\xff\xc0") + 5, 6000, 6000)
    yield "large.jpg", bytes(jpg), "claims 36 megapixels"


def _png(width: int, height: int, data: bytes) -> bytes:
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_chunk(png: bytes, kind: bytes, data: bytes) -> bytes:
    return png[:33] + _chunk(kind, data) + png[33:]


def _tiff_with(data: bytes, place: int, count: int, tag: int, value: int) -> bytes:
    changed = bytearray(data)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        if struct.unpack("<H", changed[entry : entry + 2])[0] == tag:
            struct.pack_into("<HII", changed, entry + 2, 4, 1, value)
    return bytes(changed)


def volumes() -> Iterator[tuple[str, bytes, str]]:
    for name, data in corpus_nifti.good().items():
        yield from mutations(name, data, header=352)


def instances() -> Iterator[tuple[str, bytes, str]]:
    for name, data in corpus_dicom.good().items():
        yield from mutations(name, data, header=2_000)


def archives() -> Iterator[tuple[str, bytes, str]]:
    for method, name in ((zipfile.ZIP_STORED, "stored.zip"), (zipfile.ZIP_DEFLATED, "packed.zip")):
        yield from mutations(name, _study(method), header=60)
        yield from _directory_lies(name, _study(method))


def odd_zips() -> Iterator[tuple[str, bytes, str]]:
    yield from corpus_zip.odd(corpus_dicom.good()["plain.dcm"], encoded(phantom(), "PNG"))


def _study(method: int) -> bytes:
    members = {f"DICOM/{name}": data for name, data in corpus_dicom.good().items()}
    return corpus_zip.zipped(members | {"head.png": encoded(phantom(), "PNG")}, method)


def _directory_lies(name: str, data: bytes) -> Iterator[tuple[str, bytes, str]]:
    """The archive's own list of members, changed field by field."""
    place = data.index(b"PK\x01\x02")
    fields = {
        8: "flags",
        10: "method",
        16: "checksum",
        20: "packed size",
        24: "size",
        28: "name's length",
        42: "offset",
    }
    for offset, what in fields.items():
        for value in (b"\xff\xff\xff\xff", b"\x01\0\0\0"):
            changed = bytearray(data)
            width = 2 if offset in (8, 10, 28) else 4
            changed[place + offset : place + offset + width] = value[:width]
            yield name, bytes(changed), f"the first member's {what} is {value[:width].hex()}"


MAKERS: tuple[Callable[[], Iterator[tuple[str, bytes, str]]], ...] = (
    pictures,
    odd_pictures,
    volumes,
    corpus_nifti.odd,
    instances,
    corpus_dicom.odd,
    archives,
    odd_zips,
)
