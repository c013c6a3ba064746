"""A scan alone, and what the reader says of it."""

from __future__ import annotations

import streamlit as st

from brain_core.teaching.quiz import CONFIDENCES, LABELS
from brain_core.ui import pictures
from brain_core.ui.quiz.sources import WORDS
from brain_core.ui.quiz.state import Quiz
from brain_core.ui.theme import LABEL_SHAPES, LABEL_WORDS

PICTURE = 560  # pixels


def show(quiz: Quiz) -> None:
    """The question; nothing here tells the reference standard or what the models say."""
    header(quiz)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.image(pictures.on_screen(quiz.scan), width=PICTURE, alt=f"Scan {quiz.place + 1} of the quiz, to be read")
    with right:
        _form(quiz)
    quiz.begin_to_read()


def header(quiz: Quiz) -> None:
    """How far it is, and the way out."""
    n = len(quiz.questions)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(quiz.place / n, text=f"Scan {quiz.place + 1} of {n}, {WORDS[quiz.origin]}, set {quiz.number}")
        st.button("End the quiz", key="quiz_end", on_click=quiz.end, icon=":material/stop:")


def answered(label: str) -> str:
    """The sign and the word of an answer."""
    return f"{LABEL_SHAPES[label]} {LABEL_WORDS[label]}"


def _form(quiz: Quiz) -> None:
    place = quiz.place
    with st.form(f"quiz_form_{place}"):
        label = st.radio("What do you see?", LABELS, None, format_func=answered, key=f"quiz_label_{place}")
        confidence = st.radio(
            "How sure are you?",
            list(CONFIDENCES),
            None,
            format_func=lambda level: f"{level}: {CONFIDENCES[level]}",
            key=f"quiz_confidence_{place}",
        )
        if st.form_submit_button("Record my read and show the models", type="primary", key="quiz_record"):
            if label is None or confidence is None:
                st.caption("Choose an answer, and how sure you are, first.")
            else:
                quiz.say(label, confidence)
                st.rerun()
