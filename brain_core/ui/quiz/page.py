"""Which part of the quiz is on screen."""

from __future__ import annotations

from brain_core.ui.quiz import asking, result, reveal, start, state
from brain_core.ui.teaching import models_ready


def show() -> None:
    """The start, a question, the models' answers to it, or the score card."""
    loading = models_ready()
    quiz = state.current()
    if quiz is None:
        start.show(loading)
    elif quiz.over:
        result.show(quiz, loading)
    elif quiz.opinion is None:
        asking.show(quiz)
    else:
        reveal.show(quiz, loading)
