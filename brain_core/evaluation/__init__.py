"""Models against a reference standard: on the stored split, by repeated cross-validation, by where they look.

Importing this package is light: `stored_results` needs no TensorFlow, which loads with `evaluate`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.evaluation.stored_split import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]


def __getattr__(name: str):
    if name in __all__:
        return getattr(import_module("brain_core.evaluation.stored_split"), name)
    raise AttributeError(f"module 'brain_core.evaluation' has no attribute {name!r}")
