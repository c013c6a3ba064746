"""Zips for tests."""

from __future__ import annotations

import io
import zipfile

from brain_core.scans.source_file import SourceFile


def zip_bytes(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def zip_file(members: dict[str, bytes], name: str = "study.zip", **options) -> SourceFile:
    return SourceFile.of_bytes(zip_bytes(members, **options), name)
