"""The page When it fails: guided cases, each with the question to ask a class and the answer. Nothing is recorded."""

from brain_core.ui.failures.page import show

__all__ = ["show"]
