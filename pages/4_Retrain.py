"""Retrain: data, settings, runs, and which version serves."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access
from brain_core.ui.retrain import data, decide, form, runs, steps

access.enter(Action.RETRAIN)
st.title("Retrain", anchor=False)
STEPS = {steps.DATA: data.show, steps.SETTINGS: form.show, steps.RUNS: runs.show, steps.DECIDE: decide.show}
STEPS[steps.show()]()
