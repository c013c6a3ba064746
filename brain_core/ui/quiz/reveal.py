"""The models' answers to a scan that the reader has read, and the reader's last word on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core import input_gate
from brain_core.scans import Scan
from brain_core.teaching.quiz import CONFIDENCES, Verdict, other_label
from brain_core.ui import heatmaps, model_card, notice, pictures, verdict
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading
from brain_core.ui.quiz import asking
from brain_core.ui.quiz.state import Quiz
from brain_core.ui.teaching import answers
from brain_core.ui.theme import LABEL_WORDS

if TYPE_CHECKING:
    from brain_core.inference import Prediction

Said = list[tuple[str, "Prediction"]]


def show(quiz: Quiz, loading: list[Loading]) -> None:
    """Answers and maps; the reference standard comes at the end of the quiz only."""
    asking.header(quiz)
    said = predictions(quiz.scan, loading)
    _told(quiz, said)
    maps(quiz.scan, said, f"Scan {quiz.place + 1}")
    columns = st.columns(heatmaps.COLUMNS, gap="medium")
    with columns[0]:
        _last_word(quiz, tuple(map(_verdict, said)))
    for column, (title, prediction) in zip(columns[1:], said, strict=False):
        with column:
            model_card.show(title, prediction)


def predictions(scan: Scan, loading: list[Loading]) -> Said:
    """Title and answer, a model each; what one finds unlike its training data, none of them classifies."""
    found = answers(scan, loading)
    shared = input_gate.shared(tuple(prediction for _, prediction in found))
    return [(title, prediction) for (title, _), prediction in zip(found, shared, strict=True)]


@st.fragment
def maps(scan: Scan, said: Said, name: str) -> None:
    """The scan and each model's map side by side."""
    columns = st.columns(heatmaps.COLUMNS, gap="medium")
    with columns[0]:
        st.html('<div class="brain-column">Scan</div>')
        st.image(pictures.on_screen(scan), width="stretch", alt=f"{name}, without any overlay")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            opacity, colormap = heatmaps.controls("quiz")
    for column, (title, prediction) in zip(columns[1:], said, strict=False):
        with column:
            st.html(f'<div class="brain-column">{esc(title)}: Grad-CAM</div>')
            heatmaps.overlaid(scan, title, prediction, opacity, colormap)


def _told(quiz: Quiz, said: Said) -> None:
    own = f"You said: {LABEL_WORDS[quiz.opinion.label].lower()}, {CONFIDENCES[quiz.opinion.confidence]}."
    told = [(title, p.label if p.assessed else None, p.probability) for title, p in said]
    sentence, disagree = verdict.agreement(told)
    if disagree:
        notice.show("warning", f"{own} {sentence}")
    else:
        st.html(f'<div class="brain-words" role="status">{esc(own)} {esc(sentence)}</div>')


def _last_word(quiz: Quiz, verdicts: tuple[Verdict, ...]) -> None:
    own = quiz.opinion.label
    st.html('<div class="brain-column">Keep or change your answer?</div>')
    with st.container():
        for key, words, label in (("keep", "Keep", own), ("change", "Change to", other_label(own))):
            st.button(
                f"{words}: {asking.answered(label)}",
                key=f"quiz_{key}_{quiz.place}",
                on_click=quiz.decide,
                args=(quiz.place, label, verdicts),
                width="stretch",
            )


def _verdict(said: tuple[str, Prediction]) -> Verdict:
    _, found = said
    label = found.label if found.assessed else None
    return Verdict(found.model, found.version, label, found.probability, found.threshold)
