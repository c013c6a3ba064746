"""Retrain: data, settings, runs, and which version serves."""

import streamlit as st

from brain_core.ui import router
from brain_core.ui.retrain import data, decide, form, runs, steps

router.enter()
st.title("Retrain", anchor=False)
STEPS = {steps.DATA: data.show, steps.SETTINGS: form.show, steps.RUNS: runs.show, steps.DECIDE: decide.show}
STEPS[steps.show()]()
