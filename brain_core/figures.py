"""Figures of weighted scans: of every draw of a bootstrap at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from brain_core.scored import ONE_CLASS

Figure = Callable[[np.ndarray], np.ndarray]
"""Of scans' weights, whole float64 (B, N), how often each is drawn: (B,) or (B, K) values, NaN for 'not computed'."""

ECE_BINS = 10
SPECIFICITY_WANTED = 0.85

# By name, what an undefined figure lacks.
UNDEFINED = {
    "accuracy": "no scan",
    "balanced_accuracy": ONE_CLASS,
    "precision": "no scan predicted positive",
    "npv": "no scan predicted negative",
    "recall": "no scan with a tumour",
    "specificity": "no scan without a tumour",
    "f1": "no scan with a tumour and none predicted positive",
    "roc_auc": ONE_CLASS,
    "pr_auc": ONE_CLASS,
    "sensitivity_at_85": ONE_CLASS,
    "brier": "no scan",
    "ece": "no scan",
}
NAMES = tuple(UNDEFINED)


@dataclass(frozen=True, eq=False)
class Ranking:
    """Scans by descending score, equal scores as one step: what a falling threshold lets alarm.

    Attributes:
        scores: (T,) distinct, descending.
        order: (N,) of the scans.
        ends: (T + 1,) how many scans alarm after each step; the first is 0.
        positive: (N,) bool, in that order.
    """

    scores: np.ndarray
    order: np.ndarray
    ends: np.ndarray
    positive: np.ndarray

    @classmethod
    def of(cls, positive, scores) -> Ranking:
        """Of (N,) bool and float."""
        order = np.argsort(-scores, kind="stable")
        ranked = scores[order]
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1 if len(ranked) else np.zeros(0, int)
        return cls(ranked[ends - 1], order, np.append(0, ends), positive[order])

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """True and false alarms, int64 (B, T + 1), after each step; of all scans in the last column."""
        drawn = weights[:, self.order].astype(np.int64)  # whole numbers: summed five times as fast
        totals = np.zeros((2, len(weights), len(self.order) + 1), np.int64)
        np.cumsum(drawn * self.positive, axis=1, out=totals[0, :, 1:])
        np.cumsum(drawn * ~self.positive, axis=1, out=totals[1, :, 1:])
        return tuple(totals if len(self.ends) == totals.shape[2] else totals[:, :, self.ends])

    def steps(self, thresholds) -> np.ndarray:
        """The column of `counts` where ``score >= threshold`` alarms."""
        return np.searchsorted(-self.scores, -np.asarray(thresholds, float), side="right")


def table(labels: np.ndarray, scores: np.ndarray, predicted: np.ndarray) -> Figure:
    """The figures of `NAMES`, in their order, as (B, 12).

    Args:
        labels, predicted: (N,) 0 or 1.
        scores: (N,) in 0..1.
    """
    positive, alarm = labels == 1, predicted == 1
    ranking, gaps = Ranking.of(positive, scores), calibration_gaps(labels, scores)
    parts = np.stack([positive, alarm, positive & alarm, (scores - labels) ** 2], axis=1).astype(float)

    def of(weights: np.ndarray) -> np.ndarray:
        n = weights.sum(axis=1)
        tumour, alarms, found, squares = (weights @ parts).T
        other, false = n - tumour, alarms - found
        recall, specificity = quotient(found, tumour), quotient(other - false, other)
        values = {
            "accuracy": quotient(found + other - false, n),
            "balanced_accuracy": (recall + specificity) / 2,
            "precision": quotient(found, alarms),
            "npv": quotient(other - false, n - alarms),
            "recall": recall,
            "specificity": specificity,
            "f1": quotient(2 * found, tumour + alarms),
            **ranked(*ranking.counts(weights)),
            "brier": quotient(squares, n),
            "ece": quotient(np.abs(weights @ gaps).sum(axis=1), n),
        }
        return np.stack([values[name] for name in NAMES], axis=1)

    return of


def ranked(found: np.ndarray, alarms: np.ndarray) -> dict[str, np.ndarray]:
    """Figures of the order of the scans, (B,) each, from `Ranking.counts`."""
    tumour, other = found[:, -1], alarms[:, -1]
    new = np.diff(found, axis=1)
    precision = found[:, 1:] / np.maximum(found[:, 1:] + alarms[:, 1:], 1)
    allowed = np.sum(alarms <= (1 - SPECIFICITY_WANTED + 1e-9) * other[:, None], axis=1) - 1
    best = np.take_along_axis(found, allowed[:, None], axis=1)[:, 0]
    return {
        "roc_auc": area(found, alarms),
        # Average precision, as scikit-learn defines it: precision at each step times the recall won there.
        "pr_auc": quotient(np.einsum("bt,bt->b", new, precision), np.where(other > 0, tumour, 0)),
        "sensitivity_at_85": quotient(best, np.where(other > 0, tumour, 0)),
    }


def area(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """ROC-AUC (B,): share of (tumour, other) pairs in order, a tie counting half (Mann and Whitney 1947)."""
    pairs = np.einsum("bt,bt->b", np.diff(alarms, axis=1), found[:, 1:] + found[:, :-1]) / 2
    return quotient(pairs, found[:, -1] * alarms[:, -1])


def calibration_gaps(labels: np.ndarray, scores: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """(N, bins): label less probability in the scan's own bin, 0 elsewhere."""
    return (labels - scores)[:, None] * (bin_of(scores, bins)[:, None] == np.arange(bins))


def bin_of(probabilities: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """Which of equal-width bins holds each; 1 lies in the last one."""
    return np.minimum((probabilities * bins).astype(int), bins - 1)


def quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, NaN where ``whole`` is 0."""
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
