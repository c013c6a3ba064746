"""Monitor: is the service still what it was measured to be: use, drift, outcomes on confirmed cases, alerts."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access
from brain_core.ui.monitor import choice, drift, outcomes, overview, readers, usage

access.enter(Action.SEE_MONITOR)
st.title("Monitor", anchor=False)
chosen = choice.show()
SECTIONS = {
    "Alerts": overview.show,
    "Use": usage.show,
    "Drift": drift.show,
    "Confirmed cases": outcomes.show,
    "Readers": readers.show,
}
SECTIONS[choice.section(list(SECTIONS))](chosen)
