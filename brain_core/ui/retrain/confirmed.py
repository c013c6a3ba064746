"""Scans whose diagnosis readers confirmed in service, as a data set to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.access import Action
from brain_core.datasets import sources
from brain_core.datasets.splits import MIN_GROUPS
from brain_core.errors import BrainError, StoreError
from brain_core.settings import settings
from brain_core.ui import access, notice
from brain_core.ui.review import counts

if TYPE_CHECKING:
    from brain_core.store.confirmed import Counts

MADE = "retrain_confirmed_made"  # session: the counts when the folder was made, and the folder


def show() -> Path | None:
    """Counts, and a button that makes the data set; returns its folder until the counts are others."""
    from brain_core.store import confirmed  # brings SQLAlchemy

    try:
        found = confirmed.count()
    except StoreError as error:
        notice.show("error", str(error), title="The prediction store cannot be read. ")
        return None
    counts.show(found)
    if reason := missing(found, keeps=settings().store.keep_scans):
        notice.show("info", reason, title="There is no data set of confirmed scans yet. ")
        return None
    if not settings().store.keep_scans:
        st.caption("Scans are not kept any more (BRAIN_KEEP_SCANS is off): no new ones will come.")
    made, folder = st.session_state.get(MADE, (None, None))
    there = made == found and folder.is_dir()
    if made is not None and not there:
        st.caption("The confirmed scans have changed since the data set was made: make it again.")
    label = "Make the data set again" if made is not None else "Make the data set"
    if st.button(label, icon=":material/dataset:", key="retrain_confirmed_make"):
        _make(found)
    return sources.allowed(folder) if there else None


def missing(found: Counts, *, keeps: bool) -> str:
    """Why these cannot be learned from, with what to do; empty where they can.

    Args:
        keeps: whether the pixels of scans are being kept.
    """
    if min(found.tumor, found.no_tumor) >= MIN_GROUPS:
        return ""
    if not keeps and not found.tumor + found.no_tumor:
        return (
            "The pixels of scans are not kept on this server. With BRAIN_KEEP_SCANS=yes those assessed from then on "
            "are, and can be learned from once they are confirmed on Review."
        )
    needed = (
        f"At least {MIN_GROUPS} distinct scans of each class are needed to split them into training, validation and "
        f"test; confirmed and kept are {found.tumor} with and {found.no_tumor} without a tumour."
    )
    more = "Confirm more on Review." if keeps else "BRAIN_KEEP_SCANS is off, so that no new ones come: switch it on."
    return f"{needed} {more}"


def _make(found: Counts) -> None:
    from brain_core.store import confirmed

    try:
        access.check(Action.RETRAIN)
        with st.spinner("Gathering the confirmed scans …"):
            folder = confirmed.data_set()
    except BrainError as error:
        notice.show("error", str(error), title="The data set was not made. ")
        return
    if folder is None:  # all were deleted, or not confirmed any more, since they were counted
        st.session_state.pop(MADE, None)
    else:
        st.session_state[MADE] = (found, folder)
    st.rerun()
