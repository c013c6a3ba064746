"""Review: cases that wait to be confirmed, the most instructive first."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, review

access.enter(Action.GIVE_FEEDBACK)
st.title("Review", anchor=False)
review.show()
