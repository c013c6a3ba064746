"""The form: finding, what it rests on, and a word on it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from brain_core.errors import AccessError, BrainError, DeletedError, StoreError
from brain_core.store.records import BASES, FeedbackRow
from brain_core.ui import notice
from brain_core.ui.feedback import saving, words

LONGEST = 2000  # characters of the free text, as `brain_core.store.feedback.LONGEST`
UNKNOWN = "Nothing is known to be recorded. "
SENT = "feedback_sent"  # session: the case whose form was sent, until a run of the page has seen it
GENERATION = "feedback_generation"  # session: counts what was saved; a new, empty form each time


def show(case: str, rows: Sequence[FeedbackRow]) -> None:
    """To be filled in; saving runs the page anew.

    Args:
        rows: what was said of the case already, the oldest first.
    """
    key = f"feedback_{case[:16]}_{st.session_state.get(GENERATION, 0)}"
    with st.form(f"{key}_form", border=True):
        said = _fields(key)
        sent = st.form_submit_button(
            "Record this finding", key=f"{key}_submit", on_click=st.session_state.update, kwargs={SENT: case}
        )
    if not (forget_sent() == case or sent):
        return
    if said.missing:
        notice.show("info", said.missing)
        return
    try:
        added = saving.save(case, said, rows)
    except (AccessError, DeletedError) as error:
        notice.show("error", str(error))
    except StoreError as error:
        notice.show("error", str(error), "What you chose is still above: send it again.", title=UNKNOWN)
    except BrainError as error:
        notice.show("error", str(error))
    else:
        if not added:
            notice.show("info", "You have said the very same of this case already.")
            return
        st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
        st.rerun()


def is_sent(case: str) -> bool:
    """Whether its form was sent, and no run of the page has come to it since: another click may have ended that run."""
    return st.session_state.get(SENT) == case


def forget_sent() -> str | None:
    """The case of which `is_sent` holds no longer, None where there is none."""
    return st.session_state.pop(SENT, None)


def _fields(key: str) -> saving.Said:
    left, right = st.columns(2, gap="medium")
    with left:
        finding = st.radio(
            "Finding", list(words.FINDINGS), index=None, format_func=words.FINDINGS.get, key=f"{key}_finding"
        )
    with right:
        basis = st.radio(
            "It rests on",
            list(BASES),
            index=None,
            format_func=words.BASIS_WORDS.get,
            key=f"{key}_basis",
            help=words.BASIS_HELP,
        )
    text = st.text_area(
        "Remarks (optional)",
        max_chars=LONGEST,
        height=80,
        key=f"{key}_text",
        help="Stored as it stands and seen by other readers: no names, no dates of birth.",
    )
    return saving.Said(finding, basis, text or "")
