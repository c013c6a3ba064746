"""The confirmed data set: kept scans of single slices whose finding is confirmed, to learn from.

One file a scan, named by its key, in ``yes`` or ``no``. A file appears whole, moves in one step when its verdict
changes, and goes when it is deleted or not confirmed any more.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from brain_core.files import remove_hidden, replacing
from brain_core.store import feedback, kept
from brain_core.store.engine import reading
from brain_core.store.problems import told
from brain_core.store.records import FeedbackRow, Kind, Source
from brain_core.store.tables import predictions
from brain_core.store.verdict import DISAGREEMENT, verdict


@dataclass(frozen=True)
class Counts:
    """Of single slices.

    Attributes:
        tumor, no_tumor: confirmed and kept.
        disagreements: whose readers disagree.
        not_kept: confirmed, but the pixels were not kept.
    """

    tumor: int
    no_tumor: int
    disagreements: int
    not_kept: int


def data_set() -> Path | None:
    """The data set's folder in `Settings.home`, refreshed; None where nothing is confirmed and kept.

    Raises:
        StoreError: the store cannot be read or the folder not be written.
    """
    folder = export(kept.confirmed_folder())
    return folder if any(folder.glob("*/*.png")) else None


def export(folder: Path) -> Path:
    """Make or refresh the data set in a folder that holds nothing else.

    Raises:
        StoreError: the store cannot be read or the folder not be written.
    """
    folder = Path(folder)
    with told(), kept.alone(folder):
        wanted = {key: kept.CLASS_FOLDERS[finding] for key, finding in _confirmed().items() if kept.path(key)}
        for name in kept.CLASS_FOLDERS.values():
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            remove_hidden(folder / name)
        for file in list(folder.glob("*/*.png")):
            if kept.KEY.fullmatch(file.stem) and file.parent.name in kept.CLASS_FOLDERS.values():
                _move_or_remove(file, wanted.pop(file.stem, None))
        for key, name in wanted.items():
            _put(key, folder / name)
    return folder


def count() -> Counts:
    """How many there are to learn from, and why others are not; raises `StoreError`."""
    verdicts = {case: verdict(rows) for case, rows in _feedback_of_slices().items()}
    sure = {case: found.finding for case, found in verdicts.items() if found.confirmed}
    usable = [finding for case, finding in sure.items() if kept.path(case)]
    disagreements = sum(found.finding == DISAGREEMENT for found in verdicts.values())
    return Counts(usable.count("tumor"), usable.count("no tumor"), disagreements, len(sure) - len(usable))


def _confirmed() -> dict[str, str]:
    verdicts = {case: verdict(rows) for case, rows in _feedback_of_slices().items()}
    return {case: found.finding for case, found in verdicts.items() if found.confirmed}


def _feedback_of_slices() -> dict[str, list[FeedbackRow]]:
    """Of cases that are one slice each, samples left out: they come from data that models are tested on."""
    own = (predictions.c.scan == predictions.c.case) & (predictions.c.kind == Kind.SLICE.value)
    query = select(predictions.c.case).where(own, predictions.c.source != Source.SAMPLE.value).distinct()
    sample = select(predictions.c.case).where(predictions.c.source == Source.SAMPLE.value)
    with reading() as connection:
        slices = set(connection.execute(query.where(predictions.c.case.not_in(sample))).scalars())
    found: dict[str, list[FeedbackRow]] = {}
    for row in feedback.every():
        if row.case in slices:
            found.setdefault(row.case, []).append(row)
    return found


def _move_or_remove(file: Path, name: str | None) -> None:
    if name is None:
        file.unlink(missing_ok=True)
    elif name != file.parent.name:
        os.replace(file, file.parent.parent / name / file.name)


def _put(key: str, folder: Path) -> None:
    source = kept.path(key)
    if source is None:  # deleted meanwhile
        return
    target = folder / source.name
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
