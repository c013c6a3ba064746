"""What drift is measured against: held-out scores, and the inputs that a model learned from.

Scores of the training scans themselves would not do: a model is surer of what it has learned from, so that every new
scan would look like a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core import versions
from brain_core.errors import ModelError, ResultsError
from brain_core.evaluation.stored_results import TEST, VALIDATION, StoredResult, of_card
from brain_core.registry import ModelCard
from brain_core.training.input_reference import COMMAND, DIGITS, of_metadata

SCORE = "score"
SCORE_DIGITS = 6  # as the held-out predictions are stored
MEASURES = (SCORE, *DIGITS)
NO_MEASURE = "this model has no such measure"


@dataclass(frozen=True, eq=False)
class References:
    """Of one version of a model.

    Attributes:
        values: by measure of `MEASURES`, float (M,).
        reasons: why a measure is not there, by measure.
    """

    values: dict[str, np.ndarray]
    reasons: dict[str, str]


def of_version(model: str, version: str) -> References:
    """Of a version on this machine; one that is not there has no values, and says so."""
    try:
        return of(versions.find(model, version).card())
    except ModelError:
        return References({}, dict.fromkeys(MEASURES, "this version is not on this machine"))


def of(card: ModelCard) -> References:
    """Of a model's metadata: scores of validation and test, one scan a near-duplicate group; input statistics."""
    values, reasons = {}, {}
    try:
        if len(scores := _scores(card)):
            values[SCORE] = scores
        else:
            reasons[SCORE] = "no held-out predictions are stored with this version"
    except ResultsError as error:
        reasons[SCORE] = str(error)
    try:
        kept = of_metadata(card.metadata)
        values |= {name: np.array(each) for name, each in (kept.values if kept else {}).items() if name in DIGITS}
        lacking = NO_MEASURE if kept else f"not stored with this version: {COMMAND}"
    except ResultsError as error:
        lacking = str(error)
    return References(values, reasons | {name: lacking for name in DIGITS if name not in values})


def rounded_score(values: np.ndarray) -> np.ndarray:
    return np.round(values, SCORE_DIGITS)


def _scores(card: ModelCard) -> np.ndarray:
    found = [of_card(card, part) for part in (VALIDATION, TEST)]
    parts = [each.one_a_group().probabilities[0] for each in found if isinstance(each, StoredResult)]
    scores = np.concatenate(parts) if parts else np.zeros(0)
    return rounded_score(scores[~np.isnan(scores)])
