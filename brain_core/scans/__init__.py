"""Bytes to `Scan`: the one place where files from outside are decoded."""

from brain_core.scans.collect import collect
from brain_core.scans.raster import SUFFIXES, base_name, read_bytes, read_file
from brain_core.scans.scan import Scan
from brain_core.scans.series import Collection, Identity, Refused, Series, Slice, Study
from brain_core.scans.source_file import SourceFile

__all__ = [
    "SUFFIXES",
    "Collection",
    "Identity",
    "Refused",
    "Scan",
    "Series",
    "Slice",
    "SourceFile",
    "Study",
    "base_name",
    "collect",
    "read_bytes",
    "read_file",
]
