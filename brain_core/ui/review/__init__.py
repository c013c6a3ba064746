"""The review list: cases that wait to be confirmed."""

from brain_core.ui.review.page import show

__all__ = ["show"]
