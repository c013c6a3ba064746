"""Which case of the list is open; the address keeps it, so that it can be shown to a second reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.ui import address

if TYPE_CHECKING:
    from brain_core.store.review import Case

OPENED = "review_opened"  # session: the case's key
POSITION = "review_position"  # session: where it stood; when it leaves the list, the next one stands there
MOVES = "review_moves"  # session: counts moves by other means than the table
SHORT = 16  # digits of a key in the address


def find(cases: Sequence[Case]) -> tuple[int, bool]:
    """Position of the open case, and whether the address named one that is not in the list."""
    given = st.query_params.get("case", "")
    wanted = st.session_state.get(OPENED) or (given if len(given) == SHORT else "")
    found = next((i for i, case in enumerate(cases) if wanted and case.case.startswith(wanted)), None)
    missing = found is None and bool(given) and OPENED not in st.session_state
    position = min(st.session_state.get(POSITION, 0), len(cases) - 1) if found is None else found
    st.session_state[OPENED], st.session_state[POSITION] = cases[position].case, position
    address.keep("case", cases[position].case[:SHORT], None)
    return position, missing


def open_case(key: str) -> None:
    """By the table."""
    st.session_state[OPENED] = key


def buttons(cases: Sequence[Case], position: int) -> None:
    """To the case before and after."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, step in (("Previous case", "arrow_back", -1), ("Next case", "arrow_forward", 1)):
            there = 0 <= position + step < len(cases)
            st.button(
                label,
                key=f"review_step_{step}",
                icon=f":material/{icon}:",
                type="primary" if step > 0 else "secondary",
                disabled=not there,
                on_click=move,
                args=(cases[position + step].case,) if there else ("",),
            )
        st.html(f'<div class="brain-quiet brain-number">{position + 1} of {len(cases)}</div>', width="content")


def go_back(key: str) -> None:
    """To a case that another click has just left."""
    if st.session_state.get(OPENED) != key:
        move(key)


def move(key: str) -> None:
    """By other means than the table."""
    st.session_state[OPENED] = key
    st.session_state[MOVES] = st.session_state.get(MOVES, 0) + 1
