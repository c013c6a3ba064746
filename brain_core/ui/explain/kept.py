"""What this session has worked out on the page, by question; the oldest questions are forgotten."""

from __future__ import annotations

from collections import OrderedDict

import streamlit as st

QUESTIONS = 6  # kept; a megabyte or two each


def of(kind: str, key: tuple) -> dict:
    """Results of one kind for one question, to be filled in."""
    kept: OrderedDict[tuple, dict] = st.session_state.setdefault(f"explain_kept_{kind}", OrderedDict())
    kept.setdefault(key, {})
    kept.move_to_end(key)
    while len(kept) > QUESTIONS:
        kept.popitem(last=False)
    return kept[key]
