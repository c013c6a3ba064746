"""Pages are reached through the router alone, whatever address a visitor starts from."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def enter() -> None:
    """To be called first by every page.

    Until a server has run `st.navigation` once, Streamlit takes the folder ``pages/`` for its older kind of app and
    runs a page that is asked for by its address without the router. Nothing public turns that off.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
