"""The page: counts, the list, the case that is open, and what readers say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import StoreError
from brain_core.ui import feedback, notice, recording
from brain_core.ui.feedback import saving
from brain_core.ui.review import choice, counts, held, opened, place, table, waiting

if TYPE_CHECKING:
    from brain_core.store.review import Case


def show() -> None:
    """Everything below the title."""
    st.html('<div class="brain-quiet">Cases that were assessed, to be confirmed or corrected.</div>')
    if saving.just_saved() or not choice.is_made():
        waiting.forget()
        held.forget()
    above, chosen = st.container(), choice.show()
    try:
        with st.spinner("Reading the prediction store …"):
            found = waiting.read(chosen)
    except StoreError as error:
        notice.show("error", str(error), title="The review list cannot be read. ")
        st.button("Try again", key="review_try_again", icon=":material/refresh:")
        return
    cases, told = held.join(chosen, found.cases)
    if told:
        notice.show("info", told)
    if not found.any_case:
        _nothing_yet()
        return
    with above:
        counts.show(found.counts)
    if found.limit:
        st.caption(found.limit)
    if saving.has_left({case.case for case in found.cases}):
        st.caption("Recorded. The case before has left the list.")
    if not cases:
        notice.show("info", _none_left(chosen))
        return
    _cases(chosen, cases)


def _cases(chosen: choice.Choice, cases: Sequence[Case]) -> None:
    position, missing = place.find(cases)
    if missing:
        notice.show(
            "info", "The case in the address is not in this list: it may be confirmed, deleted or filtered out."
        )
    table.show(cases, position)
    place.buttons(cases, position)
    case = cases[position]
    held.keep(chosen, case)
    recording.note_shown(each.case for each in cases)
    with st.spinner("Opening the case …"):
        opened.show(case)
    feedback.show(case.case)


def _none_left(chosen: choice.Choice) -> str:
    if chosen.source is not None:
        return "No case of this source is in the list. Choose all sources to see the others."
    return "Every case is confirmed. Turn off 'Unconfirmed only' to see them."


def _nothing_yet() -> None:
    notice.show(
        "info",
        "A case comes here by itself: every picture and series that is assessed on Detect, from the archive, by the "
        "archive's watch or on the command line is listed with what the models said of it. Samples are left out. Then "
        "say what the diagnosis turned out to be.",
        title="No case yet. ",
    )
