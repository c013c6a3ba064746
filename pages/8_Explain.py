"""Explain: how Grad-CAM comes about, step by step, and how other ways to ask compare."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, explain

access.enter(Action.LEARN)
st.title("Explain", anchor=False)
explain.show()
