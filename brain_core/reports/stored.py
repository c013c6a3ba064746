"""What a report is made from, and why the rest cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import BrainError, ModelError, ResultsError
from brain_core.evaluation.stored_results import (
    COMMANDS,
    CROSS_VALIDATION,
    HOW_TO_MEND,
    TEST,
    VALIDATION,
    NotStored,
    StoredResult,
    of_card,
    of_cross_validation,
    read_cross_validation,
)
from brain_core.intervals import Estimate
from brain_core.models import MODELS
from brain_core.registry import ModelCard, read_card
from brain_core.reports.estimates import read_figures
from brain_core.scored import NOTHING_SCORED, Scored

PART_TITLES = {VALIDATION: "validation", TEST: "locked test"}
WHAT = {CROSS_VALIDATION: "cross-validation"} | {part: f"predictions of the {is_}" for part, is_ in PART_TITLES.items()}


class NotAvailable(BrainError):
    """A result cannot be shown; the message starts with 'not stored:' or 'not computed:'."""


@dataclass(frozen=True, eq=False)
class Stored:
    """The models in service and the stored cross-validation.

    Attributes:
        cards: by name; ``missing`` says of another model why it has none.
        record: of the cross-validation, {} where there is none or it is damaged, which ``no_record`` says.
    """

    cards: dict[str, ModelCard]
    missing: dict[str, str]
    record: dict
    no_record: str = ""

    def card(self, name: str) -> ModelCard:
        """
        Raises:
            NotAvailable: the model is not in service.
        """
        if name not in self.cards:
            raise NotAvailable(f"not stored: {self.missing[name]}")
        return self.cards[name]

    def part(self, name: str, split: str) -> StoredResult:
        """A model's predictions on ``VALIDATION`` or ``TEST``, of one scan at least.

        Raises:
            NotAvailable: the model is not in service, or its record holds none or is damaged.
        """
        try:
            found = of_card(self.card(name), split)
        except ResultsError as error:
            raise NotAvailable(_not_computed(error)) from error
        if isinstance(found, NotStored):
            raise NotAvailable(_not_stored(split))
        if not found.scored.n:
            raise NotAvailable(f"not computed: {NOTHING_SCORED}")
        return found

    def cross_validated(self) -> dict:
        """By name of a model, the ensemble or a baseline, its row of the record.

        Raises:
            NotAvailable: no cross-validation is stored, or it is damaged.
        """
        if not self.record.get("rows"):
            raise NotAvailable(self.no_record or _not_stored(CROSS_VALIDATION))
        return self.record["rows"]

    def folds(self, name: str) -> Scored:
        """Cross-validated predictions on one scan a near-duplicate group.

        Raises:
            NotAvailable: the record lacks them.
        """
        self.cross_validated()
        for result in of_cross_validation(self.record):
            if result.name == name:
                return result.scored.one_a_group()
        raise NotAvailable("not stored: cross-validated probabilities")


def read_stored() -> Stored:
    """From ``saved_models``, or wherever ``BRAIN_MODELS_DIR`` says; nothing is loaded but metadata."""
    cards, missing = {}, {}
    for name in MODELS:
        try:
            cards[name] = read_card(name)
        except ModelError as error:
            missing[name] = short(error)
    try:
        return Stored(cards, missing, checked(read_cross_validation() or {}))
    except ResultsError as error:
        return Stored(cards, missing, {}, _not_computed(error))


def checked(record: dict) -> dict:
    """The record of a cross-validation, all of which can be shown.

    Raises:
        ResultsError: it cannot.
    """
    of_cross_validation(record)
    try:
        record.get("protocol", {}).get("repeats")
        for row in record.get("rows", {}).values():
            for figures in row.get("at", {}).values():
                read_figures(figures)
            for gain in row.get("optimised_against_default", {}).values():
                Estimate(**gain).text()
    except (AttributeError, TypeError, ValueError) as error:
        mend = HOW_TO_MEND.format(command=COMMANDS[CROSS_VALIDATION])
        raise ResultsError(
            f"stored cross-validation is damaged: expected figures. Received: {error}. {mend}"
        ) from error
    return record


def short(error: ModelError) -> str:
    """What is wrong, without how to mend it."""
    return str(error).split(". ")[0].rstrip(".")


def counts(n: int, positives: int) -> str:
    return f"n = {n}, {positives} with tumour"


def _not_stored(split: str) -> str:
    return f"not stored: {WHAT[split]} ({COMMANDS[split]})"


def _not_computed(error: ResultsError) -> str:
    return f"not computed: {str(error).rstrip('.')}"
