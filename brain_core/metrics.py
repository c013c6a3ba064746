"""How good a set of probabilities is, with 95 % intervals by bootstrap over near-duplicate groups."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from sklearn import metrics as sk

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


def _figures(labels: np.ndarray, scores: np.ndarray, predicted: np.ndarray) -> dict[str, Callable]:
    """By name, a function of the scans' weights."""
    return {
        "accuracy": lambda w: sk.accuracy_score(labels, predicted, sample_weight=w),
        "balanced_accuracy": lambda w: balanced_accuracy(labels, predicted, w),
        "precision": lambda w: _ratio(w, predicted == 1, labels == 1),
        "recall": lambda w: _ratio(w, labels == 1, predicted == 1),
        "specificity": lambda w: _ratio(w, labels == 0, predicted == 0),
        "f1": lambda w: _f1(labels, predicted, w),
        "roc_auc": lambda w: _auc(labels, scores, w),
        "sensitivity_at_85": lambda w: _sensitivity_at(labels, scores, w, 0.85),
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
    return _auc(np.asarray(labels), np.asarray(scores), np.ones(len(labels)))


def bootstrap(figure: Callable[[np.ndarray], float | None], groups, *, seed: int = 0) -> Estimate:
    """A figure of one's own with its interval.

    Args:
        figure: of the scans' weights, float64 (N,): how often each is drawn.
        groups: (N,) what is drawn as one.
    """
    return _estimate([figure], _bootstrap_weights(np.asarray(groups), seed))


def _estimate(repeats: list[Callable[[np.ndarray], float | None]], weights: np.ndarray) -> Estimate:
    """The mean over repetitions, and its quantiles over the bootstrap."""

    def mean(w: np.ndarray) -> float | None:
        values = [figure(w) for figure in repeats]
        return None if None in values else float(np.mean(values))

    value = mean(np.ones(weights.shape[1]))
    if value is None:
        return Estimate(None)
    replicates = [r for w in weights if (r := mean(w)) is not None]
    if not replicates:
        return Estimate(value)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(replicates, (tail, 1 - tail))
    return Estimate(value, float(low), float(high))


def _bootstrap_weights(groups: np.ndarray, seed: int) -> np.ndarray:
    """(replicates, N): how often each scan is drawn when groups are drawn with replacement."""
    _, position = np.unique(groups, return_inverse=True)
    count = position.max() + 1
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), REPLICATES)
    return draws[:, position].astype(float)


def _ratio(weight: np.ndarray, among: np.ndarray, hit: np.ndarray) -> float | None:
    total = weight[among].sum()
    return float(weight[among & hit].sum() / total) if total else None


def _f1(labels: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float | None:
    if not (weight * (labels | predicted)).sum():
        return None
    return float(sk.f1_score(labels, predicted, sample_weight=weight))


def _auc(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray) -> float | None:
    drawn = weight > 0
    if len(np.unique(labels[drawn])) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return float(sk.roc_auc_score(labels[drawn], scores[drawn], sample_weight=weight[drawn]))


def balanced_accuracy(labels: np.ndarray, predicted: np.ndarray, weight: np.ndarray) -> float | None:
    """Mean of sensitivity and specificity of scans that count ``weight``, None where a class is missing."""
    rates = (_ratio(weight, labels == 1, predicted == 1), _ratio(weight, labels == 0, predicted == 0))
    return None if None in rates else sum(rates) / 2


def _sensitivity_at(labels: np.ndarray, scores: np.ndarray, weight: np.ndarray, specificity: float) -> float | None:
    drawn = weight > 0
    if len(np.unique(labels[drawn])) < 2:
        return None
    false_alarms, found, _ = sk.roc_curve(labels[drawn], scores[drawn], sample_weight=weight[drawn])
    return float(found[false_alarms <= 1 - specificity + 1e-9].max())
