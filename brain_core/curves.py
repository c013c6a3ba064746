"""ROC and precision-recall curves with pointwise 95 % bands, and the histogram of scores by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.figures import Figure, Ranking, bin_of, quotient
from brain_core.resampling import interval, resample
from brain_core.scored import Scored

GRID = np.arange(101) / 100  # false positive rates of the ROC curve, recalls of the other
SLACK = 1e-9  # of rounding, so that a rate of 7/100 counts as 0.07
HISTOGRAM_BINS = 20


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean over the repeats at each ``x``; float64 (K,) each, without entries where it is not computed.

    Attributes:
        low, high: the band, pointwise: 19 of 20 points hold, not the whole curve. NaN where no draw has a value.
        reason: in words, why there is no curve or no band.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int
    positives: int
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Curves:
    """Both curves of a set of probabilities.

    Attributes:
        roc: sensitivity at each false positive rate, averaged vertically (Fawcett 2006, Pattern Recognit Lett 27:861):
            linear between thresholds, the highest where several share a rate.
        precision_recall: precision at the highest threshold that reaches each recall: a step, as in scikit-learn's
            average precision, for between thresholds nothing can be had (Davis and Goadrich 2006, ICML).
    """

    roc: Curve
    precision_recall: Curve


@dataclass(frozen=True, eq=False)
class Histogram:
    """Scans a bin of equal width, mean over the repeats: edges (K + 1,), with and without a tumour (K,)."""

    edges: np.ndarray
    tumour: np.ndarray
    other: np.ndarray


def curves(labels, probabilities, groups=None, *, seed: int = 0) -> Curves:
    """Both curves, from the same draws of groups.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) or (R, N) in 0..1, NaN where missing.
        groups: (N,) what is resampled as one; None takes every scan for independent.

    Raises:
        ValueError: no scan, or lengths differ.
    """
    scored = Scored.of(labels, probabilities, groups)
    n = scored.n, int(scored.labels.sum())
    if scored.flaw:
        nothing = Curve(*np.empty((4, 0)), *n, scored.flaw)
        return Curves(nothing, nothing)
    rankings = [Ranking.of(scored.positive, p) for p in scored.probabilities]

    def figure(weights: np.ndarray) -> np.ndarray:
        counts = [ranking.counts(weights) for ranking in rankings]
        both = [sum(read(*each) for each in counts) for read in (_sensitivities, _precisions)]
        return np.stack(both, axis=1) / len(counts)

    found = zip(*band(figure, scored, seed), strict=True)
    return Curves(*(Curve(GRID, *each, *n, scored.few) for each in found))


def histogram(labels, probabilities, bins: int = HISTOGRAM_BINS) -> Histogram:
    """Of (N,) or (R, N) probabilities in 0..1, NaN where missing; 1 lies in the last bin."""
    scored = Scored.of(labels, probabilities)
    number = bin_of(scored.probabilities, bins)
    count = [
        np.bincount(number[:, part].ravel(), minlength=bins) / max(1, len(number))
        for part in (scored.positive, ~scored.positive)
    ]
    return Histogram(np.arange(bins + 1) / bins, *count)


def band(figure: Figure, scored: Scored, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(value, low, high) of a figure (B, ...); the limits NaN where the scans are too few."""
    if scored.few:
        value = figure(np.ones((1, scored.n)))[0]
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    value, replicates = resample(figure, scored.groups, seed=seed)
    return value, *interval(replicates)


def _sensitivities(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """(B, K) from `Ranking.counts`; NaN in a draw of one class."""
    rate = alarms / np.maximum(alarms[:, -1:], 1)
    here = _up_to(np.ceil(rate * (len(GRID) - 1) - SLACK)) - 1
    there = np.minimum(here + 1, rate.shape[1] - 1)
    x, y = _at(rate, here), _at(found, here).astype(float)
    step, rise = _at(rate, there) - x, _at(found, there) - y
    y += np.divide((GRID - x) * rise, step, out=np.zeros_like(y), where=step > 0)
    return quotient(y, np.where(alarms[:, -1:] > 0, found[:, -1:], 0))


def _precisions(found: np.ndarray, alarms: np.ndarray) -> np.ndarray:
    """(B, K) from `Ranking.counts`; NaN in a draw of one class."""
    recall = found / np.maximum(found[:, -1:], 1)
    first = np.empty((len(recall), len(GRID)), int)
    first[:, 0] = np.sum(recall <= 0, axis=1)
    first[:, 1:] = _up_to(np.floor(recall * (len(GRID) - 1) + SLACK))[:, :-1]
    first = np.minimum(first, recall.shape[1] - 1)
    hits, false = _at(found, first), _at(alarms, first)
    return quotient(hits, np.where((found[:, -1:] > 0) & (alarms[:, -1:] > 0), hits + false, 0))


def _at(values: np.ndarray, column: np.ndarray) -> np.ndarray:
    """As `np.take_along_axis` of the columns, four times as fast: (B, T) and (B, K) to (B, K)."""
    return np.take(values, column + values.shape[1] * np.arange(len(values))[:, None])


def _up_to(number: np.ndarray) -> np.ndarray:
    """How many of each row's whole numbers 0..K - 1 are at most k, for each k: (B, T) to (B, K)."""
    rows, size = len(number), len(GRID)
    flat = number.astype(int) + size * np.arange(rows)[:, None]
    return np.bincount(flat.ravel(), minlength=rows * size).reshape(rows, size).cumsum(axis=1)
