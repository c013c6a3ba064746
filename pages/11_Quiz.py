"""Quiz: the reader first, then the models, then both against the reference standard."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, quiz

access.enter(Action.LEARN)
st.title("Quiz", anchor=False)
quiz.show()
