"""Bad zips."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterator

HOSTILE = (
    "../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "..\\..\\x.dcm", "a/../../b.dcm", "\\\\server\\share\\x",
    "con", "x" * 5000, "\u202egnp.exe", "<img src=x onerror=alert(1)>.dcm", "[x](javascript:alert(1)).png",
    "\x1b[31mred.dcm", "a\nb.dcm", "\0.dcm", ".", "..", "/", " ", "a//b", "\U0001f600",
)  # fmt: skip


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The same bytes at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def odd(instance: bytes, picture: bytes) -> Iterator[tuple[str, bytes, str]]:
    """Of a good DICOM file and a good picture."""
    yield "empty.zip", b"", "empty"
    yield "none.zip", zipped({}), "without members"
    yield "magic.zip", b"PK\x03\x04", "a magic alone"
    yield "end.zip", b"PK\x05\x06" + b"\xff" * 18, "an end alone"
    for name in HOSTILE:
        yield "names.zip", zipped({name: instance, "head.png": picture}), f"a member named {name!r:.30}"
    yield "nested.zip", zipped({"inner.zip": zipped({"a.dcm": instance})}), "a zip in a zip"
    inner = instance
    for _ in range(40):
        inner = zipped({"inner.zip": inner})
    yield "nested.zip", inner, "40 zips deep"
    yield "named.zip", zipped({"head.png": zipped({"a.dcm": instance})}), "a zip named as a picture"
    yield "twice.zip", _twice(instance), "one name twice"
    yield "links.zip", _links(), "links to elsewhere"
    yield "flat.zip", zipped({"a.dcm": bytes(60_000_000)}), "60 MB of nothing"
    yield "bombs.zip", zipped({f"{i}.png": bytes(12_000_000) for i in range(45)}), "540 MB of nothing"
    yield "crowd.zip", zipped({f"{i}": b"" for i in range(5_000)}), "5,000 empty members"
    for method, name in ((zipfile.ZIP_BZIP2, "bz2"), (zipfile.ZIP_LZMA, "lzma")):
        yield "method.zip", zipped({"a.dcm": instance, "b.png": picture}, method), f"packed by {name}"
    yield "overlap.zip", _overlapping(instance), "members that share their bytes"
    for suffix in ("7z", "rar", "tar", "gz", "bz2", "xz"):
        yield f"archive.{suffix}", b"no archive" * 9, "an archive of another kind by its name"
    yield "prefixed.zip", b"#!/bin/sh\nexit\n" + zipped({"a.dcm": instance}), "a script before it"
    yield "polyglot.png", picture + zipped({"a.dcm": instance}), "a picture and a zip in one"
    yield (
        "mixed.zip",
        zipped({"a.dcm": instance[:900], "b.png": picture[:90], "c.nii": b"\x5c\1\0\0", "d": b""}),
        "bad members",
    )


def _twice(instance: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for data in (instance, b"other"):
            archive.writestr("a.dcm", data)
    return buffer.getvalue()


def _links() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, target in (("a.dcm", "/etc/passwd"), ("b.png", "../../secret"), ("folder", "/")):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return buffer.getvalue()


def _overlapping(instance: bytes) -> bytes:
    """A hundred entries of the directory for one member."""
    data = zipped({"a.dcm": instance})
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries = data[start:end] * 100
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 100, 100, len(entries), start, 0)
    return data[:start] + entries + tail
