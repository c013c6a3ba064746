"""Playground: plant a lesion, cover, turn and brighten, and watch the models' answers move."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, playground

access.enter(Action.LEARN)
st.title("Playground", anchor=False)
playground.show()
