"""Long work of the page: started by a button, with its progress, and given up by another."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

RUNNING = "explain_running"  # session: what is being worked on


def button(what: tuple, label: str, key: str, *, disabled: bool = False) -> bool:
    """Start or cancel; returns whether the work is to be done in this run of the page.

    A click on Cancel ends the run of the page that does the work, at the next sign of its progress.
    """
    running = st.session_state.get(RUNNING) == what
    place = st.empty()  # one takes the place of the other at once
    if running:
        place.button("Cancel", key=f"{key}_cancel", icon=":material/close:", on_click=_set, args=(None,))
    else:
        place.button(label, key=key, type="primary", disabled=disabled, on_click=_set, args=(what,))
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
        try:
            step(told)
        except Exception:  # not what Streamlit ends a run of the page with
            _set(None)
            raise
    _set(None)
    st.rerun()


def _set(what: tuple | None) -> None:
    st.session_state[RUNNING] = what
