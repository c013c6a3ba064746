"""The quiz: a reader's own opinion first, then the models', then both against the reference standard.

Its scans are such as no model has learned from: of internal testing, or phantoms.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brain_core.datasets.index import CLASS_NAMES
from brain_core.errors import ConfigError, DatasetError
from brain_core.evaluation.focus import common_test
from brain_core.evaluation.stored_results import TEST, of_card
from brain_core.registry import ModelCard
from brain_core.scans.phantom import Phantom, random_phantom

LABELS = ("tumor", "no tumor")
SIZES = (5, 10, 20)  # questions
CONFIDENCES = {1: "a guess", 2: "unsure", 3: "fairly sure", 4: "sure", 5: "certain"}
FIRST_PHANTOM = 900_000_000  # a seed far from those of the samples and of `phantom.write_dataset`
PHANTOMS_A_SEED = 100  # at most, so that the sets of two seeds share none


@dataclass(frozen=True)
class Question:
    """A scan to read.

    Attributes:
        id: of the scan in its source; it may tell the label, so that no screen shows it before the end.
        reference: label of the reference standard, one of `LABELS`.
    """

    id: str
    reference: str

    def __post_init__(self) -> None:
        _check_label(self.reference, "reference standard")


@dataclass(frozen=True)
class StoredScan:
    """A scan of a data set by what stored results know it by; ``reference`` is one of `LABELS`."""

    id: str
    sha256: str
    reference: str


@dataclass(frozen=True)
class Verdict:
    """What a model said of a scan; ``label`` is None where it did not classify it (see the input gate)."""

    model: str
    version: str
    label: str | None
    probability: float
    threshold: float


@dataclass(frozen=True)
class Answer:
    """A question answered to the end.

    Attributes:
        before, after: the reader's label before and after the models' answers were shown, one of `LABELS`.
        confidence: in ``before``, one of `CONFIDENCES`.
        seconds: from the question to ``before``; None where it was not taken.
    """

    question: Question
    before: str
    confidence: int
    after: str
    verdicts: tuple[Verdict, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        _check_label(self.before, "answer")
        _check_label(self.after, "answer after the models'")
        if self.confidence not in CONFIDENCES:
            raise ConfigError(f"Quiz: expected a confidence of 1 to {len(CONFIDENCES)}. Received: {self.confidence!r}.")

    @property
    def right_before(self) -> bool:
        return self.before == self.question.reference

    @property
    def right_after(self) -> bool:
        return self.after == self.question.reference

    def a_model_said(self, label: str) -> bool:
        return any(verdict.label == label for verdict in self.verdicts)


def draw_questions(samples: Sequence[Question], n: int, seed: int) -> tuple[Question, ...]:
    """``n`` questions, half of them with a tumour, in an order that does not tell; the same for the same seed.

    Of an odd number the seed says which class has one more. A class with too few scans is made up for by the other.

    Raises:
        ConfigError: there are fewer than ``n`` samples.
    """
    if not 0 < n <= len(samples):
        raise ConfigError(f"Quiz: expected 1 to {len(samples)} questions, as there are scans. Received: {n}.")
    rng = random.Random(seed)
    of_class = {label: [sample for sample in samples if sample.reference == label] for label in LABELS}
    first, second = rng.sample(LABELS, 2)
    for scans in of_class.values():
        rng.shuffle(scans)
    wanted = max(n - len(of_class[second]), min(len(of_class[first]), (n + 1) // 2))
    chosen = of_class[first][:wanted] + of_class[second][: n - wanted]
    rng.shuffle(chosen)
    return tuple(chosen)


def unseen(cards: Iterable[ModelCard]) -> tuple[StoredScan, ...]:
    """The scans that every one of these models was tested on and none learned from, one a near-duplicate group.

    Raises:
        DatasetError: there are none.
        ResultsError: stored predictions are damaged.
    """
    cards = tuple(cards)
    if not cards:
        raise DatasetError("Quiz: no model is in service.")
    found = of_card(cards[0], TEST)
    learned = {start for card in cards for start in card.metadata.get("data", {}).get("train_sha256", ()) if start}
    allowed = common_test(cards) - learned
    of_group: dict[int, StoredScan] = {}
    for id, sha256, label, group in zip(found.ids, found.sha256, found.labels, found.groups, strict=True):
        if id and sha256 in allowed:
            of_group.setdefault(int(group), StoredScan(id, sha256, CLASS_NAMES[int(label)]))
    if not of_group:
        raise DatasetError("Quiz: the models' test parts share no scan that none of them has learned from.")
    return tuple(of_group.values())


def phantoms(n: int, seed: int) -> dict[Question, Phantom]:
    """``n`` phantoms of each class with the question that each poses; of another seed, other heads."""
    found = {}
    for i in range(2 * n):
        number, lesion = FIRST_PHANTOM + PHANTOMS_A_SEED * seed + i, i % 2 == 0
        label = LABELS[0] if lesion else LABELS[1]
        found[Question(f"phantom {number}, {label}", label)] = random_phantom(number, lesion=lesion)
    return found


def other_label(label: str) -> str:
    """The one of `LABELS` that it is not."""
    return LABELS[1 - LABELS.index(label)]


def _check_label(label: str, what: str) -> None:
    if label not in LABELS:
        raise ConfigError(f"Quiz, {what}: expected one of {', '.join(LABELS)}. Received: {label!r}.")
