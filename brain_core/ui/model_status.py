"""A quiet line that says which models are loading, ready or out of service, and why."""

from __future__ import annotations

import streamlit as st

from brain_core.settings.engine import EngineSettings
from brain_core.ui import models, notice, theme
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading

POLL = 0.5  # seconds, while a model is loading


def show(loading: list[Loading]) -> None:
    """The line; it follows the loading by itself and runs the page once more when every model has settled."""
    busy = not all(model.settled for model in loading)
    st.fragment(_follow, run_every=POLL if busy else None)(loading, busy)


def _follow(loading: list[Loading], was_busy: bool) -> None:
    settled = all(model.settled for model in loading)
    if was_busy and settled:
        st.rerun()
    title = "" if settled else '<strong role="status">Loading models…</strong>'
    chips = "".join(_chip(model) for model in loading)
    st.html(f'<div class="brain-chips brain-quiet">{title}{chips}</div>')
    for model in loading:
        if model.error:
            notice.show("error", model.error, title=f"{model.title} is out of service. ")
        elif model.card.problem:
            notice.show("warning", model.card.problem)
    if settled and not models.ready(loading):
        notice.show("info", "No model is in service, so scans can be opened but not scored.")


def _chip(model: Loading) -> str:
    if not model.settled:
        return f'<span><i class="brain-dot brain-wait" style="background:{theme.NEUTRAL}"></i>{esc(model.title)}</span>'
    if model.error:
        state, color = "out of service", theme.ERROR
    else:
        engine = model.detector.engine
        where = "" if engine == EngineSettings() else f" on {engine}"
        state, color = f"{model.card.version} ready{where}", theme.READY
    return f'<span><i class="brain-dot" style="background:{color}"></i>{esc(model.title)} {esc(state)}</span>'
