"""Both models' answers to the scan as it is now, each with the way it came from the scan as read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core import input_gate
from brain_core.scans import Scan
from brain_core.ui import heatmaps, probability_bar, teaching, verdict
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading

if TYPE_CHECKING:
    from brain_core.inference import Prediction

NOW, BEFORE = "as it is now", "as read"


def show(scan: Scan, changed: Scan, ready: list[Loading]) -> None:
    """A column a model: verdict, bar, before and after, Grad-CAM."""
    before, now = _answers(scan, ready), _answers(changed, ready)
    columns = st.columns(max(2, len(now)), gap="medium")
    for column, (title, old), (_, new) in zip(columns, before, now, strict=False):
        with column:
            st.html(_card(title, old, new))
    shown, opacity, colormap = _overlay_controls()  # below the pictures
    picture, answers = (scan, before) if shown == BEFORE else (changed, now)
    for column, (title, answer) in zip(columns, answers, strict=False):
        with column:
            heatmaps.overlaid(picture, f"{title}, {shown}", answer, opacity, colormap)


def _answers(scan: Scan, ready: list[Loading]) -> list[tuple[str, Prediction]]:
    """What a model finds unlike its training data, none classifies."""
    found = teaching.answers(scan, ready)
    shared = input_gate.shared(tuple(answer for _, answer in found))
    return [(title, answer) for (title, _), answer in zip(found, shared, strict=True)]


def _overlay_controls() -> tuple[str, float, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.segmented_control(
            "Grad-CAM of the scan", [NOW, BEFORE], default=NOW, key="playground_shown", required=True
        )
        opacity, colormap = heatmaps.controls("playground", 160)
    return shown, opacity, colormap


def _card(title: str, old: Prediction, new: Prediction) -> str:
    difference = new.probability - old.probability
    moved = (
        "unchanged"
        if new is old or difference == 0
        else f"{old.probability:.3f} → {new.probability:.3f} ({difference:+.3f})"
    )
    crossed = ""
    if old.assessed and new.assessed and old.label != new.label:
        crossed = " The answer has changed sides."
    elif old.assessed != new.assessed:
        crossed = " It is not classified any more." if old.assessed else " Only now is it classified."
    bar = probability_bar.html(new.probability, new.threshold) if new.assessed else ""
    return (
        f'<section aria-label="{esc(title)}"><div class="brain-column">{esc(title)} '
        f'<span class="brain-quiet">{esc(new.version)}</span></div>'
        f'<div style="padding-top:.75rem">{verdict.line(new)}</div>{bar}'
        '<div class="brain-quiet brain-number" role="status" style="min-height:2.9em">'
        f"Against the scan as read: {moved}.{crossed}</div>"
        "</section>"
    )
