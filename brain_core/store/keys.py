"""What the store knows scans and cases by: keyed hashes that tell nothing without this installation's secret."""

from __future__ import annotations

from brain_core.scans import pseudonym


def scan_key(sha256: str) -> str:
    """64 hexadecimal digits, the same for the same scan (slice or series) on this installation.

    Args:
        sha256: of its content: `Scan.sha256`, or `Series.key`.
    """
    return pseudonym.keyed("scan", sha256)


def case_key(sha256: str) -> str:
    """Of what readers give feedback on: of a single slice its `scan_key`, of a series that of its summary.

    Args:
        sha256: `Scan.sha256` of a slice that is a case of its own, `Series.key` for all of a series' rows.
    """
    return scan_key(sha256)
