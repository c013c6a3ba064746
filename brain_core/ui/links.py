"""From one page to another, without losing the session."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access

PAGES = Path(__file__).resolve().parents[2] / "pages"


def to(file: str, label: str, icon: str, needs: Action) -> None:
    """A link to a page; none for who may not open it.

    Args:
        file: of `pages/`, without its suffix.
        icon: a name of Streamlit's set.
        needs: what the page asks of whoever opens it.
    """
    if access.may(needs):
        st.page_link(st.Page(PAGES / f"{file}.py"), label=label, icon=f":material/{icon}:")
