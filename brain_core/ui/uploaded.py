"""The memory that uploads take: given back with the upload, not only when the browser tab is closed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

KEY = "uploaded_held"  # ids of the files that the last run saw


def let_go_of_others(uploads: Sequence) -> None:
    """Drop what earlier runs saw and this one does not.

    Streamlit keeps the files of an uploader that is not on the page any more until the session ends.
    """
    held = {upload.file_id for upload in uploads}
    context = get_script_run_ctx()
    manager = context.uploaded_file_mgr if context else None
    if isinstance(manager, MemoryUploadedFileManager):
        for file_id in st.session_state.get(KEY, set()) - held:
            manager.remove_file(context.session_id, file_id)
    st.session_state[KEY] = held
