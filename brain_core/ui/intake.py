"""Scans in: uploads or samples, and whether the reader's own opinion comes first."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from brain_core.scans import SUFFIXES, base_name, read_bytes
from brain_core.ui import reader, samples
from brain_core.ui.entries import Entry

GENERATION = "detect_generation"  # counts fresh starts; a new uploader each time, since it cannot be emptied
SAMPLES = "detect_samples"  # ids of the samples that are open
OPENED = "detect_opened"  # id of the entry that is open out of many
HASHES = "detect_hashes"  # sha256 by upload id


def show() -> list[Entry]:
    """The inputs; returns what is to be assessed, in the order given."""
    generation = st.session_state.setdefault(GENERATION, 0)
    uploads = st.file_uploader(
        "Brain MRI slices: one for a close look, many for a worklist",
        type=[suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"detect_upload_{generation}",
        on_change=_close_samples,
    )
    entries = [_of_upload(upload) for upload in uploads] or _open_samples()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        reader.switch()
        if entries:
            st.button("Start over", key="detect_start_over", icon=":material/restart_alt:", on_click=_start_over)
    return entries


def open_samples(ids: list[str]) -> None:
    """Have these samples assessed next."""
    st.session_state[SAMPLES] = ids
    st.session_state.pop(OPENED, None)


def _of_upload(upload) -> Entry:
    hashes = st.session_state.setdefault(HASHES, {})
    if upload.file_id not in hashes:
        hashes[upload.file_id] = hashlib.sha256(upload.getbuffer()).hexdigest()
    name = base_name(upload.name)
    return Entry(upload.file_id, hashes[upload.file_id], name, partial(_read_upload, upload, name))


def _read_upload(upload, name: str):
    return read_bytes(upload.getvalue(), name)


def _open_samples() -> list[Entry]:
    wanted = st.session_state.get(SAMPLES, [])
    if not wanted:
        return []
    by_id = {sample.id: sample for sample in (*samples.phantoms(), *samples.real())}
    return [samples.entry(by_id[i]) for i in wanted if i in by_id]


def _close_samples() -> None:
    open_samples([])


def _start_over() -> None:
    _close_samples()
    st.session_state[GENERATION] += 1
