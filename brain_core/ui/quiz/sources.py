"""Where a quiz takes its scans from: internal testing where its data set is at hand, phantoms always."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.datasets import samples
from brain_core.errors import BrainError
from brain_core.registry import ModelCard
from brain_core.scans import Scan
from brain_core.scans.phantom import draw
from brain_core.teaching import quiz
from brain_core.teaching.quiz import SIZES, Question
from brain_core.ui.models import Loading
from brain_core.ui.quiz.state import Quiz

REAL, PHANTOMS = "Real scans", "Phantoms"
WORDS = {REAL: "real scans of internal testing", PHANTOMS: "synthetic phantoms"}
ABOUT = {
    REAL: "Scans of the data set's internal testing part: no model in service has learned from them, and of "
    "near-duplicates only one is asked. The reference standard is that of the data set; who set it, and how, is "
    "unknown.",
    PHANTOMS: "Heads drawn by this program, of no patient; the lesion is drawn too, so that the reference standard is "
    "certain. The models learned from real scans: how they, or you, do here says nothing of patients.",
}
HOW_TO_HAVE = (
    "Set BRAIN_DATA_DIR to the folder that holds the data set, or fetch it with python -m brain_core dataset download."
)


@dataclass(frozen=True, eq=False)
class Real:
    """The scans of internal testing that are at hand, by question; ``reason`` where they are too few for a quiz."""

    scans: dict[Question, Scan]
    reason: str | None = None


def real(loading: list[Loading]) -> Real:
    """Those that none of these models has learned from."""
    cards = tuple(model.card for model in loading)
    try:
        return _real(tuple(model.id for model in loading), tuple(map(str, samples.places())), cards)
    except BrainError as error:
        return Real({}, str(error))


def new(origin: str, found: Real, n: int, number: int, loading: list[Loading]) -> Quiz:
    """A quiz of ``n`` questions.

    Args:
        origin: `REAL` or `PHANTOMS`.
        number: of the set; the same gives the same scans.
        loading: the models that will be asked.
    """
    if origin == REAL:
        questions = quiz.draw_questions(list(found.scans), n, number)
        scans = {question.id: found.scans[question] for question in questions}
    else:
        drawn = quiz.phantoms(n, number)
        questions = quiz.draw_questions(list(drawn), n, number)
        scans = {question.id: draw(drawn[question]) for question in questions}
    return Quiz(questions, scans, origin, number, tuple(model.id for model in loading))


@st.cache_resource(show_spinner="Looking for scans of internal testing …", ttl=600, max_entries=4)
def _real(models: tuple[tuple[str, str, str], ...], places: tuple[str, ...], _cards: tuple[ModelCard, ...]) -> Real:
    found = {}
    for each in quiz.unseen(_cards):
        scan = samples.stored_scan(each.id, each.sha256)
        if scan is not None:
            found[Question(each.id, each.reference)] = scan
    if len(found) < min(SIZES):
        return Real(found, f"Of the scans of internal testing {len(found)} are at hand. {HOW_TO_HAVE}")
    return Real(found)
