"""Every scan of a quiz that is over: who said what, the reference standard, and the scan itself at a click."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.teaching.quiz import CONFIDENCES, Answer
from brain_core.ui import pictures, stored
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading
from brain_core.ui.quiz import asking, reveal
from brain_core.ui.quiz.state import Quiz
from brain_core.ui.theme import LABEL_WORDS
from brain_core.ui.verdict import NOT_CLASSIFIED

KEY = "quiz_cases"


def show(quiz: Quiz, loading: list[Loading]) -> None:
    """The table; a row opens its scan."""
    st.subheader("The scans", anchor=False)
    table = pd.DataFrame([_row(number, answer) for number, answer in enumerate(quiz.answers, 1)])
    event = st.dataframe(
        table, hide_index=True, width="stretch", key=KEY, on_select="rerun", selection_mode="single-row"
    )
    rows = [row for row in event.selection.rows if row < len(quiz.answers)]
    if rows:
        _open(quiz, rows[0], loading)
    else:
        st.caption("✓ right, ✗ wrong by the reference standard. Select a row to see its scan again.")


def _row(number: int, answer: Answer) -> dict:
    reference = answer.question.reference
    row = {
        "Scan": number,
        "Reference standard": asking.answered(reference),
        "You alone": _marked(answer.before, reference),
        "How sure": f"{answer.confidence}: {CONFIDENCES[answer.confidence]}",
    }
    for verdict in answer.verdicts:
        row[stored.title(verdict.model)] = f"{_marked(verdict.label, reference)} {verdict.probability:.2f}"
    seconds = None if answer.seconds is None else round(answer.seconds)
    return row | {"You after the models": _marked(answer.after, reference), "Seconds alone": seconds}


def _marked(label: str | None, reference: str) -> str:
    if label is None:
        return NOT_CLASSIFIED
    return f"{asking.answered(label)} {'✓' if label == reference else '✗'}"


def _open(quiz: Quiz, row: int, loading: list[Loading]) -> None:
    answer = quiz.answers[row]
    scan = quiz.scans[answer.question.id]
    st.html(
        f'<div class="brain-name" role="heading" aria-level="3">Scan {row + 1}</div>'
        f'<div class="brain-quiet">Reference standard: {LABEL_WORDS[answer.question.reference].lower()}. '
        f"{esc(answer.question.id)}</div>"
    )
    if quiz.is_of(loading):
        reveal.maps(scan, reveal.predictions(scan, loading), f"Scan {row + 1}")
        return
    st.image(pictures.on_screen(scan), width=asking.PICTURE, alt=f"Scan {row + 1}, without any overlay")
    st.caption("Without maps: the models in service are not those that this quiz was drawn for.")
