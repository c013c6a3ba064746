"""The models, once they have loaded."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import background, model_status, models
from brain_core.ui.models import Loading


def models_ready() -> list[Loading]:
    """Those in service; the page ends here until they have loaded, and where there is none."""
    loading = models.current()
    model_status.show(loading)
    background.page_is_drawn()
    if not all(model.settled for model in loading):
        st.html('<div class="brain-quiet" role="status">The page goes on as soon as the models have loaded.</div>')
        st.stop()
    found = models.ready(loading)
    if not found:
        st.stop()
    return found
