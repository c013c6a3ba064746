"""The four steps of the Retrain page; the address keeps which one is open and what data were chosen."""

from __future__ import annotations

import streamlit as st

from brain_core.jobs import watch
from brain_core.ui import address

DATA, SETTINGS, RUNS, DECIDE = "data", "settings", "runs", "decide"
TITLES = {DATA: "1 Data", SETTINGS: "2 Settings", RUNS: "3 Runs", DECIDE: "4 Compare and decide"}
GO_TO = "retrain_go_to"  # session: the step that a button leads to


def show() -> str:
    """The row of steps; returns the one that is open. A first visitor finds a run that is going on."""
    going_on = sum(seen.is_going_on for seen in watch.every())
    key = "retrain_step"
    if wanted := st.session_state.pop(GO_TO, None):
        st.session_state[key] = wanted
    options = list(TITLES)
    step = st.segmented_control(
        "Step",
        options,
        default=None if key in st.session_state else address.choice("step", options, RUNS if going_on else DATA),
        format_func=lambda name: TITLES[name] + (f" ({going_on} going on)" if name == RUNS and going_on else ""),
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    address.keep("step", step, None)
    return step


def go_to(step: str) -> None:
    """Open another step, in the run of the page that follows."""
    st.session_state[GO_TO] = step
    st.rerun()
