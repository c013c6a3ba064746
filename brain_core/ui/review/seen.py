"""What the review list shows of a case that this browser session has on Detect: a read that follows is not blind."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import recording, session


def note(case: str) -> None:
    """The models' results of this case were on screen.

    Args:
        case: its key.
    """
    book = st.session_state.get(recording.KEY)
    for key in book.ids if book is not None else ():
        if recording.case_of(key) == case:
            session.current().shown.add(key)
