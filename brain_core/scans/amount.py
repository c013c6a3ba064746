"""How much is taken in at once where it comes over the network and lies in memory."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.settings import MEGABYTE, settings

NOTHING_TAKEN = "None was taken, since a part of a study would pass for the whole. Choose fewer files, or one study."


@dataclass(frozen=True)
class Most:
    """The limits.

    Attributes:
        files: all of them together, those in zips counted one by one.
        size: bytes of all of them together, unpacked as far as zips are.
    """

    files: int
    size: int

    @staticmethod
    def of_settings() -> Most:
        return Most(settings().max_files, settings().max_total_bytes)

    def refusal(self, files: int, size: int) -> str | None:
        """Why so much is not taken in, in words; None where it is."""
        if files > self.files:
            return f"{files:,} files; up to {self.files:,} are taken in at once (BRAIN_MAX_FILES)."
        if size > self.size:
            return (
                f"{size / MEGABYTE:,.1f} MB, unpacked; up to {self.size // MEGABYTE:,} MB are taken in at once "
                "(BRAIN_MAX_TOTAL_MEGABYTES)."
            )
        return None
