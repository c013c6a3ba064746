"""Feedback on one case: what was said, and the form to say more. The models' results are on screen by then."""

from __future__ import annotations

import time

import streamlit as st

from brain_core.access import Action
from brain_core.errors import StoreError
from brain_core.store.records import FeedbackRow
from brain_core.ui import access, notice
from brain_core.ui.feedback import form, said, saving

OUT = "feedback_store_out"  # session: until when the store is not asked again, by the monotonic clock, and why
PATIENCE = 20.0  # seconds: to find out that a database is away may take some at every click


def show(case: str) -> None:
    """Both, for whoever may give feedback; not to be called while the reader's own opinion is still asked for.

    Args:
        case: its key, see `brain_core.ui.recording.case_of`.
    """
    if not access.may(Action.GIVE_FEEDBACK):
        form.forget_sent()
        return
    with st.container(key=f"feedback_{case[:16]}", gap="small"):
        st.subheader("What is known of this case", anchor=False)
        rows = _read(case)
        if rows is None:
            form.forget_sent()
            return
        from brain_core.store.verdict import verdict

        left, right = st.columns([2, 3], gap="large")
        with left:
            said.show(rows, verdict(rows))
            if saving.was_saved(case):
                st.caption("Recorded. What was said before stays; say something else to have that count instead.")
        with right:
            form.show(case, rows)


def _read(case: str) -> list[FeedbackRow] | None:
    """None where the store does not say, which is told."""
    from brain_core.store import feedback  # brings SQLAlchemy

    until, problem = st.session_state.get(OUT, (0.0, ""))
    if time.monotonic() >= until:
        try:
            return feedback.of_case(case)
        except StoreError as error:
            problem = str(error)
            st.session_state[OUT] = (time.monotonic() + PATIENCE, problem)
    notice.show("warning", problem, title="What readers said cannot be read now. ")
    if st.button("Try again", key=f"feedback_try_again_{case[:16]}", icon=":material/refresh:"):
        st.session_state.pop(OUT, None)
        st.rerun()
    return None
