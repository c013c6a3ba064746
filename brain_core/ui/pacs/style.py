"""The little style of the PACS page, once a page."""

from __future__ import annotations

import streamlit as st

from brain_core.ui.pacs import progress, study_list, watcher


def apply() -> None:
    st.html(progress.STYLE + study_list.STYLE + watcher.STYLE)
