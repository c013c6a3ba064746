"""Looking at a data set in the background: read, grouped and checked once for a content, with progress and Cancel."""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from brain_core import logs
from brain_core.datasets.check import DatasetReport, check
from brain_core.datasets.index import list_items, load_dataset
from brain_core.datasets.known import known_in_service
from brain_core.errors import BrainError, Cancelled, DatasetError
from brain_core.ui import pictures

log = logging.getLogger(__name__)
MAX_CONFLICTS = 24  # groups whose pictures are kept to be shown


@dataclass(eq=False)
class Checking:
    """What the thread that looks and the pages share.

    Attributes:
        inherit, known: as the check was asked, see `brain_core.datasets.check.check`.
        labels: by a scan's name its class, 0 or 1.
        keys: by a scan's name the start of its checksum, by which models know it.
        thumbnails: by the name of a scan in a conflict its picture, as a data URL.
    """

    inherit: bool
    known: dict[str, str]
    done: int = 0
    total: int = 0
    report: DatasetReport | None = None
    labels: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    thumbnails: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    cancelled: bool = False
    settled: threading.Event = field(default_factory=threading.Event)


def of(folder: Path, *, inherit: bool) -> Checking:
    """The check of a folder as it is now; begins it where it is new. Returns at once.

    Raises:
        DatasetError: no such folder, no data set, or one that cannot be listed.
    """
    return _start(str(folder), _stamp(folder), inherit, tuple(sorted(known_in_service().items())))


def forget() -> None:
    """Look anew next time."""
    _start.clear()


@st.cache_resource(show_spinner=False, max_entries=4)
def _start(folder: str, stamp: str, inherit: bool, known: tuple) -> Checking:
    checking = Checking(inherit, dict(known))
    threading.Thread(target=_run, args=(Path(folder), checking), name="check", daemon=True).start()
    return checking


def _run(folder: Path, checking: Checking) -> None:
    def progress(done: int, total: int) -> None:
        checking.done, checking.total = done, total
        if checking.cancelled:
            raise Cancelled("Stopped on request.")

    try:
        dataset = load_dataset(folder, progress)
        report = check(dataset, known=checking.known, inherit=checking.inherit)
        for position in (i for group in report.conflict_positions[:MAX_CONFLICTS] for i in group):
            checking.thumbnails[dataset.key(position)] = pictures.thumbnail(dataset.scans[position])
        checking.labels = {dataset.key(i): item.label for i, item in enumerate(dataset.items)}
        checking.keys = {dataset.key(i): scan.key for i, scan in enumerate(dataset.scans)}
        checking.report = report
    except BrainError as error:
        checking.error = str(error)
    except Exception as error:  # whatever a reader raises, the page goes on
        log.error("Checking a data set failed: %s at %s", type(error).__name__, logs.places(error))
        checking.error = f"{folder.name} cannot be checked ({type(error).__name__}: {error})."
    finally:
        checking.settled.set()


def _stamp(folder: Path) -> str:
    """Changes when a file comes, goes or changes."""
    try:
        lines = [f"{item.path}{(s := item.path.stat()).st_mtime_ns}{s.st_size}" for item in list_items(folder)]
    except OSError as error:  # not to be read, or a file went while they were listed
        raise DatasetError(f"{folder.name} cannot be listed: {error.strerror or error}.") from error
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
