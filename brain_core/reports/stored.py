"""What is stored of the models in service, and why the rest cannot be had."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from brain_core import metrics
from brain_core.errors import BrainError, ModelError
from brain_core.models import MODELS
from brain_core.registry import CROSS_VALIDATION, ModelCard, read_card, read_results
from brain_core.reports.subgroups import one_a_group

PART_TITLES = {"validation": "validation", "test": "locked test"}
HOW_TO_CROSS_VALIDATE = "python -m brain_core evaluate DATASET --protocol cv --store"


class NotAvailable(BrainError):
    """A result cannot be shown; the message starts with 'not stored:' or 'not computed:'."""


@dataclass(frozen=True, eq=False)
class Part:
    """One model's stored predictions on one part of its split.

    Attributes:
        labels: int (N,), 1 a tumour.
        probabilities: float64 (N,), 0..1.
        groups: int (N,) of near-duplicates, None in records that hold none.
        threshold: the operating point in service.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray | None
    threshold: float

    @property
    def predicted(self) -> np.ndarray:
        """int (N,), 1 where the probability reaches the threshold."""
        return (self.probabilities >= self.threshold).astype(int)

    @property
    def counts(self) -> str:
        return counts(len(self.labels), int(self.labels.sum()))

    @cached_property
    def metrics(self) -> metrics.Metrics:
        return metrics.compute(self.labels, self.probabilities, self.threshold, self.groups)


@dataclass(frozen=True, eq=False)
class Stored:
    """The cards of the models in service, by name; why another model is missing; the record of cross-validation."""

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

    def part(self, name: str, which: str) -> Part:
        """The model's predictions on ``"validation"`` or ``"test"``.

        Raises:
            NotAvailable: the model is not in service, or its record holds none.
        """
        card = self.card(name)
        rows = card.metadata.get("predictions", {}).get(which)
        if not rows:
            raise NotAvailable(f"not stored: predictions of the {PART_TITLES[which]}")
        return Part(
            labels=np.array([row["label"] for row in rows]),
            probabilities=np.array([row["probability"] for row in rows], float),
            groups=np.array([row["group"] for row in rows]) if all("group" in row for row in rows) else None,
            threshold=card.operating_point.threshold,
        )

    def cross_validated(self) -> dict:
        """By name of a model or baseline, its row of the record.

        Raises:
            NotAvailable: no cross-validation is stored.
        """
        if not self.record.get("rows"):
            raise NotAvailable(self.no_record or f"not stored: cross-validation ({HOW_TO_CROSS_VALIDATE})")
        return self.record["rows"]

    def repeats(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Of one scan a near-duplicate group: labels, int (N,), and out-of-fold probabilities, float64 (R, N).

        Raises:
            NotAvailable: the record lacks them.
        """
        self.cross_validated()
        scans = [scan for scan in self.record.get("scans", ()) if name in scan.get("probability", {})]
        if not scans:
            raise NotAvailable("not stored: cross-validated probabilities")
        distinct = one_a_group(scans)
        probabilities = np.array([scan["probability"][name] for scan in distinct], float).T
        return np.array([scan["label"] for scan in distinct]), probabilities


def read_stored() -> Stored:
    """From ``saved_models``, or wherever ``BRAIN_MODELS_DIR`` says; nothing is loaded but metadata."""
    cards, missing = {}, {}
    for name in MODELS:
        try:
            cards[name] = read_card(name)
        except ModelError as error:
            missing[name] = short(error)
    try:
        return Stored(cards, missing, read_results(CROSS_VALIDATION) or {})
    except ValueError as error:
        return Stored(cards, missing, {}, f"not stored: {CROSS_VALIDATION}.json is damaged ({error})")


def short(error: ModelError) -> str:
    """What is wrong, without how to mend it."""
    return str(error).split(". ")[0].rstrip(".")


def counts(n: int, positives: int) -> str:
    return f"n = {n}, {positives} with tumour"
