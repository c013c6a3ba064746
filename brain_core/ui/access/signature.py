"""The field 'Your name': who is signed in cannot sign as somebody else."""

from __future__ import annotations

import streamlit as st

from brain_core.access import User
from brain_core.ui.access import visitor

LABEL = "Your name"


def signature(user: User, longest: int = 80) -> str | None:
    """What histories call somebody who is signed in; None where nobody has to."""
    return None if user == visitor.LOCAL else user.name[:longest]


def name_field(key: str, longest: int) -> str:
    """The field; returns the name, which is the user's own where they are signed in, whatever a browser sends.

    Args:
        longest: in characters.

    Raises:
        AccessError: nobody is signed in.
    """
    name = signature(visitor.current(), longest)
    if name is None:
        return st.text_input(LABEL, max_chars=longest, key=key)
    st.text_input(LABEL, name, key=key, disabled=True)
    return name
