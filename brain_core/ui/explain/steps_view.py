"""Grad-CAM in steps: one at a time with its formula, or all at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.ui.explain.asked import Asked
from brain_core.ui.explain.stages import STAGES, Stage
from brain_core.ui.explain.tiles import Tile, grid
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.explain.steps import Steps

STEP, GLANCE = "explain_step", "explain_glance"
TILE, WIDEST = 150, 300  # pixels


def show(asked: Asked) -> None:
    """The steps of the question that is asked; moving between them asks nothing anew."""
    _show(asked, asked.steps())


@st.fragment
def _show(asked: Asked, steps: Steps) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        at = _steer()
        glance = st.toggle("All at a glance", key=GLANCE)
    if glance:
        st.html(grid([_tile(i, stage, asked, steps) for i, stage in enumerate(STAGES)], TILE))
    else:
        _one(at, asked, steps)
    st.html(_answer(asked, steps))


def _steer() -> int:
    """Back and next; returns the step that is open, from 0."""
    at = min(st.session_state.setdefault(STEP, 0), len(STAGES) - 1)
    for label, icon, move, shortcut in (("Back", "back", -1, "J"), ("Next", "forward", 1, "K")):
        st.button(
            label,
            key=f"explain_{label}",
            icon=f":material/arrow_{icon}:",
            on_click=_go,
            args=(at + move,),
            disabled=not 0 <= at + move < len(STAGES),
            shortcut=shortcut,
        )
    return at


def _go(to: int) -> None:
    st.session_state[STEP] = to
    st.session_state[GLANCE] = False


def _one(at: int, asked: Asked, steps: Steps) -> None:
    stage = STAGES[at]
    st.html(
        f'<div class="brain-name" role="heading" aria-level="2">{stage.title} '
        f'<span class="brain-quiet">step {at + 1} of {len(STAGES)}</span></div>'
    )
    left, right = st.columns([1, 2], gap="large")
    with left:
        if not stage.in_more:
            st.html(grid([Tile(stage.tile(asked, steps), "", _alt(stage, asked))], WIDEST))
    with right:
        st.html(f'<div class="brain-words">{esc(stage.sentence(asked, steps))}</div>')
        if stage.formula:
            st.latex(stage.formula)
        if stage.more:
            stage.more(asked, steps)


def _tile(number: int, stage: Stage, asked: Asked, steps: Steps) -> Tile:
    return Tile(stage.tile(asked, steps), f"{number + 1}. {stage.title}", _alt(stage, asked))


def _alt(stage: Stage, asked: Asked) -> str:
    return f"{stage.title}, of Grad-CAM for {asked.word} by {asked.model.title} at layer {asked.layer.layer}"


def _answer(asked: Asked, steps: Steps) -> str:
    point = asked.model.card.operating_point
    side = "at or above" if steps.probability >= point.threshold else "below"
    return (
        f'<div class="brain-quiet">{esc(asked.model.title)} {esc(asked.model.card.version)}: logit of a tumour '
        f"{steps.logit:+.2f}, probability {steps.probability:.3f}, {side} the operating point {point.threshold:.3f}. "
        "The score is explained as the logit: the sigmoid is flat where the model is sure, and its gradient vanishes."
        "</div>"
    )
