"""From one page for a class to another, without losing the session."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parents[3] / "pages"


def to(file: str, label: str, icon: str) -> None:
    """A link to a page.

    Args:
        file: of `pages/`, without its suffix.
        icon: a name of Streamlit's set.
    """
    st.page_link(st.Page(PAGES / f"{file}.py"), label=label, icon=f":material/{icon}:")
