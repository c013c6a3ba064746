"""The Playground page: a scan is changed by hand, and the models' answers follow."""

from __future__ import annotations

import streamlit as st

from brain_core.scans import Scan
from brain_core.teaching import changes
from brain_core.ui import notice, teaching
from brain_core.ui.models import Loading
from brain_core.ui.playground import answers_view, controls, picture, state, sweep_view
from brain_core.ui.teaching import Chosen

NO_TUMOUR_PLANTED = (
    "The models learned from real scans. A planted blob is no tumour: it shows what a model answers to, not how well "
    "it finds disease."
)


def show() -> None:
    """The scan, what is done to it with the answers beside it, and the sweep."""
    ready = teaching.models_ready()
    state.begin()
    chosen = teaching.choose("playground")
    if chosen is None:
        st.caption("Choose a sample or add a picture of your own above; a scan without a tumour shows most.")
        return
    _about(chosen)
    _playground(chosen.scan, ready)
    sweep_view.show(chosen, ready)


def _about(chosen: Chosen) -> None:
    if chosen.reference == "tumor":
        notice.show(
            "info",
            "What you plant comes on top of it; to see a lesion's effect alone, choose a scan without.",
            title="This scan shows a tumour already. ",
        )
    st.caption(NO_TUMOUR_PLANTED)


@st.fragment
def _playground(scan: Scan, ready: list[Loading]) -> None:
    """All that moves; the rest of the page stands still meanwhile."""
    controls.presets()
    asked = state.changes()
    changed = changes.apply(scan, asked)
    left, right = st.columns([2, 3], gap="large")
    with left:
        picture.show(scan, changed, asked)
    with right:
        answers_view.show(scan, changed, ready)
    left, right = st.columns([2, 3], gap="large")  # on a telephone the answers come before the sliders
    with left:
        controls.lesion_and_covers()
    with right:
        controls.of_the_picture()
