"""How many scans are confirmed, and why others are not to be learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from brain_core.store.confirmed import Counts


def show(found: Counts) -> None:
    """Four figures in a row."""
    columns = st.columns(4)
    columns[0].metric("Confirmed tumour", found.tumor, help="Single slices whose pixels were kept; samples left out.")
    columns[1].metric("Confirmed no tumour", found.no_tumor, help="As beside.")
    columns[2].metric("Readers disagree", found.disagreements, help="Single slices; none of them is learned from.")
    columns[3].metric(
        "Confirmed, not kept",
        found.not_kept,
        help="Single slices whose pixels were not kept: they count in the monitor, but cannot be learned from.",
    )
    st.caption("Single slices alone; nothing is learned from a series.")
