"""The Quiz page: a reader's own opinion first, then the models', then a score card. Kept in the session alone."""

from brain_core.ui.quiz.page import show

__all__ = ["show"]
