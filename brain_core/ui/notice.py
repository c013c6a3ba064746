"""A sentence that stands out; its text may come from outside and is shown literally, never as markdown."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import theme
from brain_core.ui.markup import esc

COLORS = {"error": theme.ERROR, "warning": theme.TUMOR, "info": theme.NO_TUMOR}


def show(kind: str, *sentences: str, title: str = "") -> None:
    """One notice, a paragraph a sentence.

    Args:
        kind: ``"error"``, ``"warning"`` or ``"info"``.
    """
    role = "alert" if kind == "error" else "status"
    body = "".join(f"<div>{esc(sentence)}</div>" for sentence in sentences)
    head = f"<strong>{esc(title)}</strong>" if title else ""
    st.html(f'<div class="brain-notice" role="{role}" style="border-color:{COLORS[kind]}">{head}{body}</div>')
