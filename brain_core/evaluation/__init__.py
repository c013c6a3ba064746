"""Models against a reference standard: on the stored split, by repeated cross-validation, by where they look."""

from brain_core.evaluation.stored_split import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
