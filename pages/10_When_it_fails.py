"""When it fails: cases that a model gets wrong, each with a question for a class and the answer."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, failures

access.enter(Action.LEARN)
st.title("When it fails", anchor=False)
failures.show()
