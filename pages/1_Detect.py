"""Detect: scans in; two probabilities, labels and Grad-CAM overlays out, of single slices and along whole series."""

import streamlit as st

from brain_core.access import Action
from brain_core.ui import (
    access,
    background,
    case_list,
    first_visit,
    intake,
    model_status,
    models,
    recording,
    sample_gallery,
    scoring,
    study,
)

access.enter(Action.DETECT)
st.title("Detect", anchor=False)
loading = models.current()
model_status.show(loading)
arrived = intake.show()
recording.show()
gallery, series = st.empty(), None  # the gallery goes at once when scans come
if arrived.studies:
    with st.container():
        series = study.show(arrived.studies, loading)
elif not arrived.entries:
    with gallery.container():
        first_visit.show()
        sample_gallery.show()
background.page_is_drawn()
if arrived.entries:
    scoring.show(arrived.entries, loading)
    case_list.show(arrived.entries, loading)
if series:
    study.go_on(series, loading)
