"""How good a set of probabilities is, with 95 % intervals by bootstrap over near-duplicate groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

Figure = Callable[[np.ndarray], np.ndarray]
"""Of scans' weights, float64 (B, N), how often each is drawn: (B,) values, NaN for 'not computed'."""

REPLICATES = 1000
CONFIDENCE = 0.95
ECE_BINS = 10


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None for 'not computed' (one class only, an empty denominator)."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Metrics:
    """Figures at one threshold. Positive is 'tumour': recall is sensitivity, precision is PPV at this prevalence."""

    n: int
    groups: int
    positives: int
    threshold: float
    accuracy: Estimate
    precision: Estimate
    recall: Estimate
    specificity: Estimate
    f1: Estimate
    roc_auc: Estimate
    brier: float
    ece: float
    balanced_accuracy: Estimate
    sensitivity_at_85: Estimate  # the highest sensitivity at a specificity of at least 0.85

    def to_json(self) -> dict:
        return asdict(self)


def compute(labels, probabilities, threshold: float, groups=None, *, seed: int = 0) -> Metrics:
    """All figures.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) in 0..1.
        threshold: predicted positive where ``probability >= threshold``.
        groups: (N,) what is resampled as one; None takes every scan for independent.
        seed: of the bootstrap.

    Raises:
        ValueError: no scan, or lengths differ.
    """
    return compute_repeated(labels, [probabilities], threshold, groups, seed=seed)


def compute_repeated(labels, probabilities, thresholds, groups=None, *, seed: int = 0) -> Metrics:
    """As `compute`, of R repetitions: each figure is the mean over them, its interval that of the mean.

    Args:
        probabilities: (R, N) in 0..1.
        thresholds: one number, or (R, N): a scan's threshold is the one of the model that scored it.

    Returns:
        The metrics; ``threshold`` is the mean one.
    """
    labels, probabilities = np.asarray(labels, int), np.asarray(probabilities, float)
    groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
    if not len(labels) or not len(labels) == probabilities.shape[1] == len(groups):
        raise ValueError(
            "Metrics: expected as many labels, probabilities and groups, at least one. "
            f"Received: {len(labels)}, {probabilities.shape[1]}, {len(groups)}."
        )
    thresholds = np.broadcast_to(thresholds, probabilities.shape)
    weights = _bootstrap_weights(groups, seed)
    by_repeat = [_figures(labels, p, (p >= t).astype(int)) for p, t in zip(probabilities, thresholds, strict=True)]
    return Metrics(
        n=len(labels),
        groups=len(np.unique(groups)),
        positives=int(labels.sum()),
        threshold=float(thresholds.mean()),
        **{name: _estimate([figures[name] for figures in by_repeat], weights) for name in by_repeat[0]},
        brier=float(np.mean((probabilities - labels) ** 2)),
        ece=float(np.mean([expected_calibration_error(labels, p) for p in probabilities])),
    )


def _figures(labels: np.ndarray, scores: np.ndarray, predicted: np.ndarray) -> dict[str, Figure]:
    positive, alarm = labels == 1, predicted == 1
    return {
        "accuracy": lambda w: _share(w, np.ones(len(labels), bool), positive == alarm),
        "balanced_accuracy": lambda w: balanced_accuracy(labels, predicted, w),
        "precision": lambda w: _share(w, alarm, positive),
        "recall": lambda w: _share(w, positive, alarm),
        "specificity": lambda w: _share(w, ~positive, ~alarm),
        "f1": lambda w: _f1(positive, alarm, w),
        "roc_auc": lambda w: _auc(positive, scores, w),
        "sensitivity_at_85": lambda w: _sensitivity_at(positive, scores, w, 0.85),
    }


def expected_calibration_error(labels, probabilities, bins: int = ECE_BINS) -> float:
    """Mean distance of the observed rate from the mean probability over equal-width bins, weighted by count.

    Guo et al. 2017, arXiv:1706.04599, for the probability of the positive class.
    """
    labels, probabilities = np.asarray(labels, float), np.asarray(probabilities, float)
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    gap = np.bincount(number, labels - probabilities, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def roc_auc(labels, scores) -> float | None:
    """ROC-AUC, None where only one class is present."""
    value = _auc(np.asarray(labels) == 1, np.asarray(scores, float), np.ones((1, len(labels))))[0]
    return None if np.isnan(value) else float(value)


def bootstrap(figure: Figure, groups, *, seed: int = 0) -> Estimate:
    """A figure of one's own with its interval.

    Args:
        figure: see `Figure`.
        groups: (N,) what is drawn as one.
    """
    return _estimate([figure], _bootstrap_weights(np.asarray(groups), seed))


def mean(values) -> Figure:
    """The weighted mean of (N,) values as a figure."""
    values = np.asarray(values, float)
    return lambda w: w @ values / w.sum(axis=1)


def balanced_accuracy(labels, predicted, weights: np.ndarray) -> np.ndarray:
    """Mean of sensitivity and specificity of (N,) predictions 0 or 1, as a `Figure` of the weights."""
    positive, alarm = np.asarray(labels) == 1, np.asarray(predicted) == 1
    return (_share(weights, positive, alarm) + _share(weights, ~positive, ~alarm)) / 2


def _estimate(repeats: list[Figure], weights: np.ndarray) -> Estimate:
    """The mean over repetitions, and its quantiles over the bootstrap's weights (B, N)."""
    everyone = np.ones((1, weights.shape[1]))
    value, *replicates = np.mean([figure(np.vstack([everyone, weights])) for figure in repeats], axis=0)
    if np.isnan(value):
        return Estimate(None)
    known = [replicate for replicate in replicates if not np.isnan(replicate)]
    if not known:
        return Estimate(float(value))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, (tail, 1 - tail))
    return Estimate(float(value), float(low), float(high))


def _bootstrap_weights(groups: np.ndarray, seed: int) -> np.ndarray:
    """(replicates, N): how often each scan is drawn when groups are drawn with replacement."""
    _, position = np.unique(groups, return_inverse=True)
    count = position.max() + 1
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), REPLICATES)
    return draws[:, position].astype(float)


def _quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _share(weights: np.ndarray, among: np.ndarray, hit: np.ndarray) -> np.ndarray:
    return _quotient(weights @ (among & hit), weights @ among.astype(float))


def _f1(positive: np.ndarray, alarm: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _quotient(2 * (weights @ (positive & alarm)), weights @ (positive.astype(float) + alarm))


def _auc(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of (tumour, other) pairs in order, a tie counting half (Mann and Whitney 1947)."""
    tumour, other = scores[positive][:, None], scores[~positive][None, :]
    in_order = (tumour > other) + (tumour == other) / 2
    pairs = np.einsum("bp,bp->b", weights[:, positive], weights[:, ~positive] @ in_order.T)
    return _quotient(pairs, weights[:, positive].sum(axis=1) * weights[:, ~positive].sum(axis=1))


def _sensitivity_at(positive: np.ndarray, scores: np.ndarray, weights: np.ndarray, specificity: float) -> np.ndarray:
    """The highest over all thresholds that keep the specificity."""
    thresholds = np.append(np.unique(scores), np.inf)
    alarm = (scores[:, None] >= thresholds).astype(float)  # (N, T)
    found, alarms = (
        _quotient(
            weights[:, part] @ alarm[part], weights[:, part].sum(axis=1, keepdims=True).repeat(len(thresholds), 1)
        )
        for part in (positive, ~positive)
    )
    allowed = np.where(alarms <= 1 - specificity + 1e-9, found, 0)
    known = ~np.isnan(found[:, 0] + alarms[:, 0])
    return np.where(known, allowed.max(axis=1), np.nan)
