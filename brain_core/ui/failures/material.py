"""What the lessons are made of: the models that are ready, and what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brain_core import input_gate
from brain_core.errors import ResultsError
from brain_core.evaluation.stored_results import (
    StoredResult,
    StoredResults,
    read_cross_validation,
    stored_results,
)
from brain_core.registry import INPUT_GATE, LOCALISATION, read_results
from brain_core.scans import Scan
from brain_core.teaching import case_stored
from brain_core.ui import notice
from brain_core.ui.models import Loading
from brain_core.ui.teaching import answers, models_ready

if TYPE_CHECKING:
    from brain_core.inference import Prediction

NOTHING = "No predictions of the models in service are stored: python -m brain_core train DATASET stores them."


@dataclass(frozen=True, eq=False)
class Material:
    """For one run of the page.

    Attributes:
        found: all that is stored; None where it is damaged.
        results: one a model that is ready and has any.
        cross_validation, localisation, gate: records, None where they are not stored.
        problems: what of it is damaged, in words.
    """

    loading: list[Loading]
    found: StoredResults | None
    results: list[StoredResult]
    cross_validation: dict | None
    localisation: dict | None
    gate: dict | None
    problems: tuple[str, ...]


def gather() -> Material:
    """The page ends with the models' state where none of them is ready."""
    loading, problems = models_ready(), []
    found, record = None, None
    try:
        found = stored_results([model.card for model in loading])
        record = read_cross_validation()
    except ResultsError as error:
        problems.append(str(error))
    return Material(
        loading,
        found,
        case_stored.of_models(found, {model.name for model in loading}) if found else [],
        record,
        _read(LOCALISATION, problems),
        _read(INPUT_GATE, problems),
        tuple(problems),
    )


def answers_of(scan: Scan, loading: list[Loading]) -> list[Prediction]:
    """One a model, in their order; what one of them finds unlike its training data, none of them classifies."""
    return list(input_gate.shared(tuple(prediction for _, prediction in answers(scan, loading))))


def warn_of_older(loading: list[Loading], versions: dict[str, str], command: str) -> None:
    """Where a record was measured with other versions than are in service; a version that is not stored says nothing.

    Args:
        versions: that were measured, by model's name.
        command: that measures anew.
    """
    old = [model.title for model in loading if versions.get(model.name) not in (model.card.version, None)]
    if old:
        notice.show("warning", f"Measured with an older version of {' and '.join(old)}: {command} measures it anew.")


def _read(what: str, problems: list[str]) -> dict | None:
    try:
        record = read_results(what)
    except (OSError, ValueError) as error:
        problems.append(f"The stored {what.replace('_', ' ')} is damaged ({error}).")
        return None
    return record if isinstance(record, dict) else None
