"""Thresholds: slide the decision, see what it means for patients, save the operating point."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, assumptions, gains, stored, threshold_panel

access.enter(Action.SEE_METRICS)
st.title("Thresholds", anchor=False)
cards = stored.cards()
found = stored.show_problems(cards)
assumed = assumptions.show()
for card in cards:
    with st.container(border=True):
        threshold_panel.show(card, found, assumed)
gains.show(cards, found)
