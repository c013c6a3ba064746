"""Long work of the page: started by a button, with its progress, and given up by another."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

ASKED = "explain_asked"  # session: what to work on in the next run of the page, and in no other


def button(what: tuple, label: str, key: str, *, disabled: bool = False) -> bool:
    """Start or cancel; returns whether the work is to be done in this run of the page.

    Any click ends the run of the page that does the work, at the next sign of its progress; it does not begin again by
    itself, neither after Cancel nor on a way back from another page.
    """
    running = st.session_state.pop(ASKED, None) == what
    place = st.empty()  # one takes the place of the other at once
    if running:
        place.button("Cancel", key=f"{key}_cancel", icon=":material/close:")
    else:
        place.button(label, key=key, type="primary", disabled=disabled, on_click=_ask, args=(what,))
    return running


def do(steps: list[tuple[str, Callable[[Callable[[float], None]], None]]]) -> None:
    """One after the other, with a bar; then the page runs anew.

    Args:
        steps: words for the bar, and what takes a function that tells the share that is done.
    """
    bar = st.progress(0.0, text="…")
    for number, (words, step) in enumerate(steps):

        def told(share: float, number: int = number, words: str = words) -> None:
            bar.progress((number + min(1.0, share)) / len(steps), text=f"{words} ({number + 1} of {len(steps)})")

        told(0.0)
        step(told)
    st.rerun()


def _ask(what: tuple) -> None:
    st.session_state[ASKED] = what
