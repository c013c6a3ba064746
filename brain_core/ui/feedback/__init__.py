"""What readers say of a case: below an opened scan or series on Detect, and in the review list."""

from brain_core.ui.feedback.panel import show

__all__ = ["show"]
