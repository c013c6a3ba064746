"""Automation bias: a false alarm, and how often the models are sure and wrong."""

from __future__ import annotations

import streamlit as st

from brain_core.access import Action
from brain_core.datasets.index import NO_TUMOR
from brain_core.teaching import case_stored
from brain_core.ui import links
from brain_core.ui.failures import wrong
from brain_core.ui.failures.material import NOTHING, Material
from brain_core.ui.markup import esc


def show(found: Material) -> None:
    """The stored false alarm farthest from its threshold."""
    if not found.results:
        st.caption(NOTHING)
        return
    left, _ = st.columns([2, 1])
    with left:
        wrong.one(found, NO_TUMOR, "The scan, and what the model says")


def answer(found: Material) -> None:
    """How often the models are sure and wrong, and the quiz."""
    mistake = case_stored.farthest(found.results, NO_TUMOR)
    if mistake is not None:
        st.html(f'<div class="brain-words">{esc(wrong.told_of("This scan", mistake))}</div>')
    wrong.how_sure(found)
    links.to("11_Quiz", "Measure your own in the Quiz", "quiz", Action.LEARN)
