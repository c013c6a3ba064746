"""Results: one case opens at once, many stand in a worklist."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import cases, downloads, intake, models, session
from brain_core.ui.cases import Case
from brain_core.ui.entries import Entry
from brain_core.ui.models import Loading


def show(entries: list[Entry], loading: list[Loading]) -> None:
    """All results, whichever way they are looked at."""
    from brain_core.ui import case_view

    ready, kept = models.ready(loading), session.current()
    found = cases.of(entries, ready, kept)
    if len(found) == 1:
        case_view.show(found[0], ready)
        downloads.show(found)
        return
    from brain_core.ui import worklist  # brings pandas, which a single case does without

    kept.shown.update(case.entry.key for case in found if case.scored.predictions and not case.hidden)
    opened = worklist.show(found, ready)
    downloads.show(found)
    st.divider()
    _next_unread(found)
    if opened is None:
        st.html('<div class="brain-quiet">Select a row to open its scan.</div>')
    else:
        case_view.show(opened, ready)


def _next_unread(found: list[Case]) -> None:
    unread = [case for case in found if case.hidden]
    if unread:
        st.button(
            f"Read the next scan ({len(unread)} to go)",
            key="detect_next_unread",
            on_click=_open,
            args=(unread[0].entry.id,),
            type="primary",
        )


def _open(entry_id: str) -> None:
    st.session_state[intake.OPENED] = entry_id
