"""All that came in at once, sorted out: studies and their series, pictures, and what is refused and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brain_core.scans.amount import Most
from brain_core.scans.series import Collection
from brain_core.scans.source_file import SourceFile

Progress = Callable[[int, int], None]


def collect(files: Iterable[SourceFile], progress: Progress | None = None, most: Most | None = None) -> Collection:
    """Sort files out by what they hold; zips count as the files in them. Pixels are read later, slice by slice.

    DICOM files are grouped by their study and series; a NIfTI file is a study of its own, as nothing in it says whose
    it is. A file that cannot be read never stops the others.

    Args:
        progress: called with (files looked at, files) after each.
        most: of more, none is taken; None for no limit.

    Raises:
        ConfigError: the secret of the pseudonyms is damaged.
    """
    from brain_core.scans import sorting  # brings pydicom, which pictures do without

    return sorting.sort_out(files, progress, most)
