"""The list as the store has it, as far as it is shown."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.ui.review.choice import Choice

if TYPE_CHECKING:
    from brain_core.store.confirmed import Counts
    from brain_core.store.review import Case

LISTED = 200  # cases
LOOKED_THROUGH = 5000  # for those of one source
MEMORY = "review_waiting"  # session: choice, what was read, and until when it is not read again
FRESH = 20.0  # seconds: a store of 20,000 cases takes more than one to be ordered, and every click runs the page


@dataclass(frozen=True)
class Waiting:
    """Cases in order.

    Attributes:
        limit: what the list does not hold, fit to show; empty where it holds everything.
        any_case: whether the store has a case at all, listed or not.
        counts: of confirmed scans.
    """

    cases: tuple[Case, ...]
    limit: str
    any_case: bool
    counts: Counts


def read(choice: Choice) -> Waiting:
    """As the store has it, or had it a moment ago; raises `StoreError`."""
    known, found, until = st.session_state.get(MEMORY, (None, None, 0.0))
    if known != choice or time.monotonic() >= until:
        found = _read(choice)
        st.session_state[MEMORY] = (choice, found, time.monotonic() + FRESH)
    return found


def forget() -> None:
    """Ask the store next time."""
    st.session_state.pop(MEMORY, None)


def _read(choice: Choice) -> Waiting:
    from brain_core.store import confirmed, review  # bring SQLAlchemy

    most = LOOKED_THROUGH if choice.source else LISTED
    found = review.queue(choice.order, limit=most + 1, unconfirmed_only=choice.unconfirmed_only)
    cut, found = len(found) > most, found[:most]
    chosen = [case for case in found if choice.source in (None, case.source)]
    any_case = bool(found) or bool(review.queue("newest", limit=1, unconfirmed_only=False))
    return Waiting(tuple(chosen[:LISTED]), _limit(cut, len(chosen)), any_case, confirmed.count())


def _limit(cut: bool, chosen: int) -> str:
    if chosen > LISTED or (cut and chosen == LISTED):
        return f"These are the first {LISTED} cases in this order; more follow as these are confirmed."
    if cut:
        return f"Only the first {LOOKED_THROUGH} cases in this order were looked through for this source."
    return ""
