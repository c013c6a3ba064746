"""Scans in: uploads or samples, and whether the reader's own opinion comes first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import streamlit as st

from brain_core.scans import SUFFIXES, base_name, read_bytes
from brain_core.scans.amount import NOTHING_TAKEN, Most
from brain_core.scans.scan import Scan
from brain_core.scans.series import Study
from brain_core.settings import settings
from brain_core.ui import notice, reader, samples, session, uploaded
from brain_core.ui.entries import Entry
from brain_core.ui.pacs import handover
from brain_core.ui.study import arrivals

GENERATION = "detect_generation"  # counts fresh starts; a new uploader each time, since it cannot be emptied
FOLDER = "detect_folder"
SAMPLES = "detect_samples"  # ids of the samples that are open
OPENED = "detect_opened"  # id of the entry that is open out of many
HASHES = "detect_hashes"  # sha256 by upload id
TOO_MUCH = "detect_too_much"  # why the last upload was not taken

DICOM_MAGIC, DICOM_PLACE = b"DICM", 128


@dataclass(frozen=True, eq=False)
class Arrived:
    """What is to be assessed: single slices in the order given, and studies."""

    entries: list[Entry]
    studies: tuple[Study, ...] = ()


def show() -> Arrived:
    """The inputs; returns what came in."""
    generation = st.session_state.setdefault(GENERATION, 0)
    folder = bool(st.session_state.get(FOLDER))
    uploads = st.file_uploader(
        "Brain MRI: a study (DICOM, NIfTI, a zip of either), or pictures of single slices",
        accept_multiple_files="directory" if folder else True,
        key=f"detect_upload_{'folder_' if folder else ''}{generation}",
        on_change=_changed,
        max_upload_size=settings().max_total_megabytes,  # one file may be a zip with all
    )
    _check_amount(uploads)
    uploaded.let_go_of_others(uploads)
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium", width="content"):
            reader.switch()
            st.toggle("A whole folder", key=FOLDER, help="Takes all files of a folder and of the folders in it.")
        if uploads or st.session_state.get(SAMPLES) or handover.taken():
            st.button("Start over", key="detect_start_over", icon=":material/restart_alt:", on_click=_start_over)
    with place:
        if reason := st.session_state.get(TOO_MUCH):
            notice.show("error", reason)
        arrived = _arrived(uploads)
    return arrived


def open_samples(ids: list[str]) -> None:
    """Have these samples assessed next."""
    handover.drop()
    st.session_state[SAMPLES] = ids
    st.session_state.pop(OPENED, None)


def _check_amount(uploads: list) -> None:
    """Let go of more than is taken at once, and say so above an empty uploader."""
    if reason := Most.of_settings().refusal(len(uploads), sum(upload.size for upload in uploads)):
        st.session_state[TOO_MUCH] = f"{reason} {NOTHING_TAKEN}"
        st.session_state[GENERATION] += 1
        st.rerun()


def _arrived(uploads: list) -> Arrived:
    pictures = [upload for upload in uploads if _is_picture(upload)]
    handed = [] if uploads else handover.taken()  # out of the archive
    others = arrivals.sort([upload for upload in uploads if upload not in pictures] or handed)
    arrivals.show_refused(others.collection)
    if uploads or handed:
        return Arrived([*map(_of_upload, pictures), *others.pictures], others.collection.studies)
    return Arrived(_open_samples())


def _is_picture(upload) -> bool:
    """By its name, as far as it is not DICOM under a wrong one."""
    if PurePosixPath(upload.name.lower()).suffix not in SUFFIXES:
        return False
    upload.seek(DICOM_PLACE)
    return upload.read(len(DICOM_MAGIC)) != DICOM_MAGIC


def _of_upload(upload) -> Entry:
    name = base_name(upload.name)
    return Entry(upload.file_id, _hash(upload), name, partial(_read_upload, upload, name))


def _hash(upload) -> str:
    hashes = st.session_state.setdefault(HASHES, {})
    if upload.file_id not in hashes:
        hashes[upload.file_id] = hashlib.sha256(upload.getvalue()).hexdigest()
    return hashes[upload.file_id]


def _read_upload(upload, name: str) -> Scan:
    return read_bytes(upload.getvalue(), name)


def _open_samples() -> list[Entry]:
    wanted = st.session_state.get(SAMPLES, [])
    if not wanted:
        return []
    by_id = {sample.id: sample for sample in (*samples.phantoms(), *samples.real())}
    return [samples.entry(by_id[i]) for i in wanted if i in by_id]


def _changed() -> None:
    open_samples([])
    st.session_state.pop(TOO_MUCH, None)


def _start_over() -> None:
    _changed()
    st.session_state[GENERATION] += 1
    st.session_state.pop(HASHES, None)
    session.current().let_go()
