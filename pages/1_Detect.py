"""Detect: scans in; two probabilities, labels and Grad-CAM overlays out."""

import streamlit as st

from brain_core.ui import case_list, intake, model_status, models, router, sample_gallery, scoring

router.enter()
st.title("Detect", anchor=False)
loading = models.current()
model_status.show(loading)
entries = intake.show()
if entries:
    scoring.show(entries, loading)
    case_list.show(entries, loading)
else:
    sample_gallery.show()
