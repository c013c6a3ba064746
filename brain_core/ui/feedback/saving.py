"""A finding on its way into the store: added once, however often it is sent, and never over another."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import streamlit as st

from brain_core.access import Action
from brain_core.store.records import FeedbackRow, new_id, now
from brain_core.ui import access, recording

PENDING = "feedback_pending"  # session: the row that the store did not take, or may have taken, for all that is known
SAVED = "feedback_saved"  # session: case of the row that was saved last, to be told once


@dataclass(frozen=True)
class Said:
    """What the form holds; ``finding`` and ``basis`` are None where not chosen."""

    finding: str | None
    basis: str | None
    text: str

    @property
    def missing(self) -> str:
        """What has to be chosen first; empty where nothing has."""
        parts = [name for name, value in (("a finding", self.finding), ("what it rests on", self.basis)) if not value]
        return f"Choose {' and '.join(parts)} first." if parts else ""


def save(case: str, said: Said, rows: Sequence[FeedbackRow]) -> bool:
    """Add it; returns False where the same reader's latest says the very same.

    Args:
        rows: of the case, the oldest first.

    Raises:
        AccessError: they may not.
        StoreError: the case was deleted meanwhile; or it was not added, or it cannot be told whether it was.
    """
    from brain_core.audit import Event, actions  # brings SQLAlchemy
    from brain_core.store import feedback

    user = access.check(Action.GIVE_FEEDBACK).name
    row = FeedbackRow(new_id(), now(), user, case, said.finding, said.basis, " ".join(said.text.split()))
    own = [each for each in rows if each.user == user]
    if own and _content(own[-1]) == _content(row):
        return False
    pending = st.session_state.get(PENDING)
    if pending is not None and _content(pending) == _content(row):
        row = replace(row, id=pending.id)  # it may be there already
    st.session_state[PENDING] = row
    event = Event(actions.FEEDBACK, user, {"case": case, "basis": row.basis})  # no finding: deletion leaves the log
    feedback.add(row, event, awaited=_is_awaited(case))
    del st.session_state[PENDING]
    st.session_state[SAVED] = case
    return True


def just_saved() -> bool:
    """Whether the last run of the page saved something, which is not told yet."""
    return SAVED in st.session_state


def was_saved(case: str) -> bool:
    """Whether the last run of the page saved something of this case; told once."""
    if st.session_state.get(SAVED) != case:
        return False
    del st.session_state[SAVED]
    return True


def has_left(cases: Set[str]) -> bool:
    """Whether the last run of the page saved something of a case that is none of these; told once."""
    saved = st.session_state.get(SAVED)
    return saved is not None and saved not in cases and was_saved(saved)


def _is_awaited(case: str) -> bool:
    """Whether what this session was shown of it on Detect may still wait to be written."""
    book = st.session_state.get(recording.KEY)
    if book is None or not book.waiting:
        return False
    return any(recording.case_of(key) == case for key in book.ids)


def _content(row: FeedbackRow) -> tuple[str, ...]:
    return row.user, row.case, row.finding, row.basis, row.text
