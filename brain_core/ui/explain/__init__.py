"""The Explain page: Grad-CAM in steps, other methods beside it, and the check that a map depends on the weights."""

from __future__ import annotations

import streamlit as st

from brain_core.ui.explain import asked, methods_view, sanity_view, steps_view

VIEWS = {
    "Grad-CAM in steps": steps_view.show,
    "Methods side by side": methods_view.show,
    "Sanity check": sanity_view.show,
}


def show() -> None:
    """What is asked, then one of the views of it."""
    question = asked.show()
    view = st.segmented_control(
        "View", list(VIEWS), default=next(iter(VIEWS)), key="explain_view", label_visibility="collapsed", required=True
    )
    if question is None:
        st.caption("Choose a sample or add a picture of your own above; everything below is worked out from it.")
    else:
        VIEWS[view](question)
