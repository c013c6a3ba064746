"""Which part of the quiz is on screen."""

from __future__ import annotations

from brain_core.ui import notice
from brain_core.ui.quiz import asking, result, reveal, start, state
from brain_core.ui.teaching import models_ready

CHANGED = "The models in service have changed since this quiz was drawn. "
GOING_ON = (
    "Your answers so far stand, with the versions that they were given beside. From here on other models answer, and "
    "they may have learned from the scans that are left: end the quiz, and start a new one."
)
OVER = "The score card is of the versions named below it."


def show() -> None:
    """The start, a question, the models' answers to it, or the score card."""
    loading = models_ready()
    quiz = state.current()
    if quiz is not None and not quiz.is_of(loading):
        notice.show("warning", OVER if quiz.over else GOING_ON, title=CHANGED)
    if quiz is None:
        start.show(loading)
    elif quiz.over:
        result.show(quiz, loading)
    elif quiz.opinion is None:
        asking.show(quiz)
    else:
        reveal.show(quiz, loading)
