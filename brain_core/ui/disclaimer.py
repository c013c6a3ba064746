"""What this program is not; stands on every screen."""

from __future__ import annotations

import streamlit as st

TEXT = "Research and education only. BRAIN assists a reader; it never replaces one, and it is not a medical device."


def show() -> None:
    st.html(f'<div class="brain-disclaimer" role="note">{TEXT}</div>')
