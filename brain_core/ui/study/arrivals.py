"""Files that came in, sorted out once: studies to open, pictures, and what was refused and why."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from brain_core.errors import ConfigError, ScanError
from brain_core.scans import picture
from brain_core.scans.amount import Most
from brain_core.scans.raster import base_name
from brain_core.scans.series import Collection, Refused
from brain_core.scans.source_file import SourceFile
from brain_core.ui import notice
from brain_core.ui.entries import Entry
from brain_core.ui.markup import esc
from brain_core.ui.study import memory

KEY = "study_collection"
SHOWN = 5  # refused files by name; more are counted
EVERY = 0.15  # seconds between two steps of the progress bar


@dataclass(frozen=True, eq=False)
class Sorted:
    """What came in with some uploads.

    Attributes:
        ids: of the uploads.
        pictures: what is no study, out of archives, as something to assess.
    """

    ids: tuple[str, ...] = ()
    collection: Collection = Collection(())
    pictures: tuple[Entry, ...] = ()


def sort(uploads: Sequence) -> Sorted:
    """What the uploads hold; they are looked at once, and again when one comes or goes."""
    ids = tuple(upload.file_id for upload in uploads)
    kept = st.session_state.get(KEY)
    if kept is not None and kept.ids == ids:
        return kept
    st.session_state.pop(KEY, None)
    memory.current().forget()
    if not uploads:
        return Sorted()
    collection = _collect(uploads)
    pictures = tuple(_entry(file, f"{ids[0]}-{number}") for number, file in enumerate(collection.pictures))
    st.session_state[KEY] = Sorted(ids, collection, pictures)
    return st.session_state[KEY]


def show_refused(collection: Collection) -> None:
    """Which files were not taken, and why."""
    refused, ignored = collection.refused, collection.ignored
    if refused:
        count = "1 file was" if len(refused) == 1 else f"{len(refused)} files were"
        more = [f"… and {len(refused) - SHOWN} more."] if len(refused) > SHOWN else []
        lines = [f"{each.name}: {each.reason}" for each in refused[:SHOWN]]
        notice.show("error", *lines, *more, title=f"{count} not taken; the others were not held up. ")
    if ignored:
        files = "1 file that holds no image (such as a DICOMDIR) was" if ignored == 1 else None
        text = files or f"{ignored} files that hold no image (such as a DICOMDIR) were"
        st.html(f'<div class="brain-quiet">{esc(text)} left aside.</div>')


def source(upload) -> SourceFile:
    """An upload without a copy of its bytes; what comes out of the archive is one already."""
    if isinstance(upload, SourceFile):
        return upload
    return SourceFile(upload.name, upload.size, lambda: io.BytesIO(upload.getvalue()))


def _collect(uploads: Sequence) -> Collection:
    from brain_core.scans.collect import collect  # pydicom

    bar = st.progress(0.0, text="Reading the headers…")
    try:
        return collect([source(upload) for upload in uploads], _follow(bar), Most.of_settings())
    except ConfigError as error:
        return Collection((), refused=(Refused("All files", str(error)),))
    finally:
        bar.empty()


def _entry(file: SourceFile, entry_id: str) -> Entry:
    """A picture out of an archive; one that cannot be read has a key that nothing is kept by."""
    try:
        key = hashlib.sha256(picture.content(file)).hexdigest()
    except ScanError:
        key = entry_id
    return Entry(entry_id, key, base_name(file.name), partial(picture.read_source, file))


def _follow(bar) -> Callable[[int, int], None]:
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            bar.progress(done / total, text=f"Reading the headers: {done} of {total} files")

    return progress
