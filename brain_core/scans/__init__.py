"""Bytes to `Scan`: the one place where files from outside are decoded."""

from brain_core.scans.raster import SUFFIXES, base_name, read_bytes, read_file
from brain_core.scans.scan import Scan

__all__ = ["SUFFIXES", "Scan", "base_name", "read_bytes", "read_file"]
