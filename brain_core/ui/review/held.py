"""The opened case stays on the page when it leaves the list meanwhile: what its reader is about to send is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import StoreError
from brain_core.ui.feedback import form
from brain_core.ui.review import place
from brain_core.ui.review.choice import Choice

if TYPE_CHECKING:
    from brain_core.store.review import Case

HELD = "review_held"  # session: the choice, and the case that was open with it last
LEFT = "This case has left the list meanwhile. It stays open until you go on; a finding that you record still counts."
CONFIRMED = (
    "This case was confirmed by another reader meanwhile and has left the list. It stays open until you go on; a "
    "finding that you record still counts."
)
DELETED = "The case that was open has been deleted meanwhile. A finding that was sent just now is not recorded."


def keep(choice: Choice, case: Case) -> None:
    """For the next run of the page: its form may be sent by then."""
    st.session_state[HELD] = (choice, case)


def forget() -> None:
    """What leaves the list now does so by the reader's own act."""
    st.session_state.pop(HELD, None)


def join(choice: Choice, cases: Sequence[Case]) -> tuple[tuple[Case, ...], str]:
    """The list with the opened case where it stood, should it have left by itself, and what to say of that.

    Args:
        cases: as the store has them now.
    """
    before, case = st.session_state.get(HELD, (None, None))
    if case and form.is_sent(case.case):  # at once with a filter, or with another case that was opened
        place.go_back(case.case)
    elif before != choice or case.case != st.session_state.get(place.OPENED):
        return tuple(cases), ""
    if any(each.case == case.case for each in cases):
        return tuple(cases), ""
    position = min(st.session_state.get(place.POSITION, 0), len(cases))
    try:
        if not _is_stored(case):
            return tuple(cases), DELETED
        case = _as_it_is(case)
    except StoreError:  # of which the form tells
        return (*cases[:position], case, *cases[position:]), LEFT
    return (*cases[:position], case, *cases[position:]), CONFIRMED if case.verdict.confirmed else LEFT


def _is_stored(case: Case) -> bool:
    """Whether its latest prediction is there still."""
    from brain_core.store import predictions  # brings SQLAlchemy

    rows = predictions.read(since=case.at, until=case.at + timedelta(microseconds=1))
    return any(row.case == case.case for row in rows)


def _as_it_is(case: Case) -> Case:
    """With what readers say of it now."""
    from brain_core.store import feedback  # brings SQLAlchemy
    from brain_core.store.verdict import verdict

    rows = feedback.of_case(case.case)
    return replace(case, feedback=tuple(rows), verdict=verdict(rows))
