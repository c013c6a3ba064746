"""What the lessons are made of: the models that are ready, and what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import ResultsError
from brain_core.evaluation.stored_results import (
    StoredResult,
    StoredResults,
    read_cross_validation,
    stored_results,
)
from brain_core.registry import INPUT_GATE, LOCALISATION, read_results
from brain_core.teaching import case_stored
from brain_core.ui.models import Loading
from brain_core.ui.teaching import models_ready

NOTHING = "No predictions of the models in service are stored: python -m brain_core train DATASET stores them."


@dataclass(frozen=True, eq=False)
class Material:
    """For one run of the page.

    Attributes:
        found: all that is stored; None where it is damaged.
        results: one a model that has any.
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
        case_stored.of_models(found) if found else [],
        record,
        _read(LOCALISATION, problems),
        _read(INPUT_GATE, problems),
        tuple(problems),
    )


def _read(what: str, problems: list[str]) -> dict | None:
    try:
        record = read_results(what)
    except (OSError, ValueError) as error:
        problems.append(f"The stored {what.replace('_', ' ')} is damaged ({error}).")
        return None
    return record if isinstance(record, dict) else None
