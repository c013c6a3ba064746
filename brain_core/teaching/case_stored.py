"""What stored results say to the lessons: answers that were sure and wrong, thresholds, prevalences, shortcuts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from brain_core.datasets.index import CLASS_NAMES, TUMOR
from brain_core.errors import ResultsError
from brain_core.evaluation.stored_results import CROSS_VALIDATION, SPLITS, TEST, StoredResult, StoredResults
from brain_core.intervals import Estimate, proportion
from brain_core.models import MODELS
from brain_core.operating import OperatingCurve
from brain_core.prevalence import AtPrevalence
from brain_core.thresholds import SLACK

PREVALENCES = (0.01, 0.10, 0.50)
SURE = 0.9  # a probability from here on, or up to 1 - SURE, is called sure
NEVER_SURE = "the model is sure of no scan"
ORDER = (TEST, CROSS_VALIDATION, *(split for split in SPLITS if split not in (TEST, CROSS_VALIDATION)))
DAMAGED = "stored cross-validation is damaged: expected {what} of {key!r}. Received: {received}."


@dataclass(frozen=True)
class Mistake:
    """A scan of stored results on the wrong side of the threshold.

    Attributes:
        reference: label of the reference standard; ``probability`` and ``threshold`` are means over the repeats.
    """

    model: str
    split: str
    id: str
    sha256: str
    reference: str
    probability: float
    threshold: float

    @property
    def distance(self) -> float:
        """From the threshold, 0..1."""
        return abs(self.probability - self.threshold)


@dataclass(frozen=True)
class Sure:
    """How often a model is wrong where it is sure, and how many scans that is of."""

    model: str
    split: str
    n: int
    sure: int
    wrong: Estimate


@dataclass(frozen=True)
class Moved:
    """How far a change that leaves the diagnosis as it is moved the probability, over a set of scans."""

    model: str
    change: str
    mean: float
    worst: float
    relabelled: float


def of_models(found: StoredResults, names: Collection[str] = tuple(MODELS)) -> list[StoredResult]:
    """One result a model: of internal testing, else of the cross-validation, else of validation.

    Args:
        names: of the models in service; a cross-validation holds others as well.
    """
    chosen = []
    for name in (each for each in MODELS if each in names):
        results = [found.get(name, split) for split in ORDER]
        chosen += [result for result in results if isinstance(result, StoredResult)][:1]
    return chosen


def farthest(results: Iterable[StoredResult], reference: int) -> Mistake | None:
    """The wrong answer to a scan of that class farthest from its threshold; None where there is none.

    Args:
        reference: `TUMOR` for one that was missed, else for a false alarm.
    """
    mistakes = [mistake for result in results for mistake in _mistakes(result, reference)]
    return max(mistakes, key=lambda mistake: mistake.distance, default=None)


def sure(result: StoredResult, level: float = SURE) -> Sure:
    """Of the scans whose probability is at least ``level`` or at most 1 - ``level``, the share that is wrong.

    One scan a near-duplicate group is counted; probabilities are means over the repeats.
    """
    one = result.one_a_group()
    probability, threshold = _means(one)
    known = ~np.isnan(probability)
    certain = known & ((probability >= level - SLACK) | (probability <= 1 - level + SLACK))
    wrong = certain & ((probability >= threshold) != (one.labels == TUMOR))
    n, count = int(certain.sum()), int(wrong.sum())
    return Sure(result.name, result.split, int(known.sum()), n, proportion(count, n, NEVER_SURE))


def at_prevalences(
    curve: OperatingCurve, threshold: float, prevalences: Sequence[float] = PREVALENCES
) -> list[AtPrevalence]:
    """Predictive values of one operating point where those shares of the patients have a tumour."""
    point = curve.at(threshold)
    return [point.at_prevalence(prevalence) for prevalence in prevalences]


def robustness(record: dict | None) -> list[Moved]:
    """What a cross-validation stored of changes; empty where it stored nothing.

    Raises:
        ResultsError: the record is damaged.
    """
    try:
        return [
            Moved(name, row["change"], float(row["mean"]), float(row["worst"]), float(row["relabelled"]))
            for name, rows in ((record or {}).get("robustness") or {}).items()
            for row in rows
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ResultsError(DAMAGED.format(what="changes", key="robustness", received=error)) from error


def baselines(record: dict | None) -> dict[str, tuple[int, Estimate]]:
    """By row of a cross-validation, the models' and those that need no look at the brain: scans and ROC-AUC.

    Raises:
        ResultsError: the record is damaged.
    """
    rows, found = (record or {}).get("rows") or {}, {}
    for name, row in rows.items():
        try:
            figures = row["at"]["default"]
            auc = figures["roc_auc"]
            found[name] = int(figures["n"]), Estimate(auc["value"], auc.get("low"), auc.get("high"))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ResultsError(DAMAGED.format(what="the row", key=name, received=error)) from error
    return found


def _mistakes(result: StoredResult, reference: int) -> list[Mistake]:
    probability, threshold = _means(result)
    side = probability < threshold if reference == TUMOR else probability >= threshold
    return [
        Mistake(
            result.name,
            result.split,
            result.ids[i],
            result.sha256[i],
            CLASS_NAMES[reference],
            float(probability[i]),
            float(threshold[i]),
        )
        for i in np.flatnonzero(side & (result.labels == reference))
    ]


def _means(result: StoredResult) -> tuple[np.ndarray, np.ndarray]:
    """Probability and threshold of each scan over the repeats that have it, float64 (N,); NaN where none has."""
    known = ~np.isnan(result.probabilities)
    count = known.sum(axis=0)
    thresholds = np.broadcast_to(result.thresholds, result.probabilities.shape)
    sums = (np.where(known, values, 0).sum(axis=0) for values in (result.probabilities, thresholds))
    first, second = (np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0) for total in sums)
    return first, second
