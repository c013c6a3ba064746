"""Before the quiz: what it is, how many scans, and of which kind."""

from __future__ import annotations

import streamlit as st

from brain_core.teaching.quiz import SIZES
from brain_core.ui import notice
from brain_core.ui.models import Loading
from brain_core.ui.quiz import sources, state
from brain_core.ui.quiz.sources import ABOUT, PHANTOMS, REAL, Real

WHAT = (
    "Read each scan on your own, with how sure you are. Then the models and their heatmaps come, and you keep your "
    "answer or change it. At the end a score card sets you alone, each model alone, and you after the models against "
    "the reference standard. About half of the scans show a tumour. Your answers stay in this browser tab: nothing of "
    "them is recorded."
)


def show(loading: list[Loading]) -> None:
    """The form."""
    st.html(f'<div class="brain-words">{WHAT}</div>')
    found = sources.real(loading)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        origin = _origin(found)
        sizes = [n for n in SIZES if origin == PHANTOMS or n <= len(found.scans)]
        n = st.segmented_control("Number of scans", sizes, default=sizes[0], key="quiz_size", required=True)
        number = st.number_input(
            "Set",
            state.FIRST_SET,
            state.LAST_SET,
            key=state.SET_KEY,
            width=140,
            help="The same set and number of scans give a whole class the same scans in the same order.",
        )
    st.caption(ABOUT[origin])
    if found.reason:
        notice.show("info", found.reason, title="No real scans for a quiz. ")
    if st.button("Start", key="quiz_start", type="primary", icon=":material/play_arrow:"):
        state.begin(sources.new(origin, found, n, int(number), loading))
        st.rerun()


def _origin(found: Real) -> str:
    if found.reason:
        return PHANTOMS
    return st.segmented_control("Scans", [REAL, PHANTOMS], default=REAL, key="quiz_origin", required=True)
