"""What a user wants assessed: an upload or a sample, not yet decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brain_core.scans import Scan


@dataclass(frozen=True, eq=False)
class Entry:
    """One input.

    Attributes:
        id: of this input; two uploads of one file differ in it.
        key: sha256 of the scan, by which results are kept.
        name: to show, escaped; text from outside.
        read: decodes it; may raise `ScanError`.
        origin: ``"upload"``, ``"synthetic phantom"`` or ``"real sample"``.
        reference: label of the reference standard where it is known; to be told after the result.
    """

    id: str
    key: str
    name: str
    read: Callable[[], Scan]
    origin: str = "upload"
    reference: str | None = None
