"""Metrics: what the models in service are worth, from stored results, with intervals and baselines."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, stored
from brain_core.ui.metrics import choice, compare, curves, mistakes, overview, places, training

access.enter(Action.SEE_METRICS)
st.title("Metrics", anchor=False)
cards = stored.cards()
found = stored.show_problems(cards)
chosen = choice.show(found)
SECTIONS = {
    "Overview": lambda: overview.show(chosen, found),
    "Discrimination": lambda: curves.show_discrimination(chosen, found),
    "Calibration": lambda: curves.show_calibration(chosen, found),
    "Decision curve": lambda: curves.show_decisions(chosen, found),
    "Comparison": lambda: compare.show(chosen, found),
    "Where they look": lambda: places.show(cards),
    "Errors": lambda: mistakes.show(chosen, found),
    "Training": lambda: training.show([card for card in cards if card.name in {r.name for r in chosen.results}]),
}
section = choice.section(list(SECTIONS))
if chosen.results:
    SECTIONS[section]()
else:
    st.caption("Choose a model above.")
