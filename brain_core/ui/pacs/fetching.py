"""A study out of the archive: into a folder that is gone afterwards, or into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brain_core.errors import PacsError
from brain_core.pacs.archive import MR, Archive, open_archive
from brain_core.pacs.settings import PacsSettings
from brain_core.pacs.workspace import fetching_folder
from brain_core.scans.amount import Most
from brain_core.scans.source_file import SourceFile
from brain_core.settings import MEGABYTE
from brain_core.ui.pacs.work import Work

FETCH, OPEN = "Fetch", "Open"
FACTOR = 10  # a whole study may be so many times as large as a single file (1 GB by default)


def load(work: Work, settings: PacsSettings, study_uid: str, *, home: Path, most_bytes: int) -> list[SourceFile]:
    """The study's MR images in memory; no file of them stays.

    Args:
        most_bytes: of all of them together.

    Raises:
        PacsError: of the archive, or the study is too large.
        Cancelled: on request.
    """
    with fetched(work, open_archive(settings), study_uid, home) as paths:
        work.begin(OPEN)
        size = sum(path.stat().st_size for path in paths)
        if reason := Most.of_settings().refusal(len(paths), size):
            raise PacsError(f"The study has {reason} Scoring and storing back works from the disk and takes all.")
        if size > most_bytes:
            raise PacsError(
                f"The study has {size / MEGABYTE:,.0f} MB; up to {most_bytes / MEGABYTE:,.0f} MB are opened in the "
                "browser. Scoring and storing back works from the disk and takes larger ones."
            )
        files = []
        for number, path in enumerate(paths, 1):
            work.check()
            files.append(SourceFile.of_bytes(path.read_bytes(), f"{number:04d}.dcm"))
        work.tell(f"{size / MEGABYTE:,.1f} MB in memory")
        work.check()
        return files


@contextmanager
def fetched(work: Work, archive: Archive, study_uid: str, home: Path) -> Iterator[list[Path]]:
    """The study's MR images as files, for as long as the block lasts."""
    work.begin(FETCH)
    series = [each.uid for each in archive.find_series(study_uid) if each.modality == MR]
    if not series:
        raise PacsError("The archive has no MR images of this study.")

    def progress(done: int, total: int) -> None:
        work.tell(f"{done} of {total} images", done / total)
        work.check()

    with fetching_folder(home) as folder:
        paths = archive.fetch_study(study_uid, folder, progress, series=series)
        work.check()
        yield paths
