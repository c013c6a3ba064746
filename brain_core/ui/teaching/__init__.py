"""What the pages for a class share: the scan to look at, and the models' answers to it. Nothing of them is recorded."""

from brain_core.ui.answers import answer, answers
from brain_core.ui.teaching.choice import Chosen, choose
from brain_core.ui.teaching.ready import models_ready

__all__ = ["Chosen", "answer", "answers", "choose", "models_ready"]
