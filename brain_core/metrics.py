"""How good a set of probabilities is, with 95 % intervals by bootstrap over near-duplicate groups."""

from __future__ import annotations

from dataclasses import MISSING, Field, asdict, dataclass, fields, replace

import numpy as np
from sklearn.metrics import confusion_matrix

from brain_core import figures
from brain_core.figures import ECE_BINS, Figure, Ranking, quotient
from brain_core.intervals import Estimate
from brain_core.resampling import bootstrap as bootstrap  # part of this module for its users
from brain_core.resampling import estimates
from brain_core.scored import FEWEST, NOTHING_SCORED, TOO_FEW, Scored

NOT_STORED = Estimate(None, reason="not stored by the version that wrote this record")


@dataclass(frozen=True)
class Metrics:
    """Figures at one threshold. Positive is 'tumour': recall is sensitivity, precision is PPV at this prevalence.

    Attributes:
        n: scans measured on; ``missing`` more lack a prediction.
        brier, ece: None where n is 0; their intervals are (low, high). That of the ECE lies high, as a draw's
            noise adds to it (Bröcker 2012, Climate Dynamics 39:655).
        sensitivity_at_85: the highest sensitivity at a specificity of at least 0.85.
        pr_auc: average precision.
    """

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
    brier: float | None
    ece: float | None
    balanced_accuracy: Estimate
    sensitivity_at_85: Estimate = NOT_STORED
    pr_auc: Estimate = NOT_STORED
    npv: Estimate = NOT_STORED
    brier_interval: tuple[float, float] | None = None
    ece_interval: tuple[float, float] | None = None
    missing: int = 0

    def to_json(self) -> dict:
        """Reasons are left out: the figure's name and its missing value tell them."""
        return asdict(self, dict_factory=lambda pairs: {key: value for key, value in pairs if key != "reason"})

    @classmethod
    def from_json(cls, data: dict) -> Metrics:
        """What `to_json` or an older version wrote; a figure that it lacks is `NOT_STORED`.

        Raises:
            ValueError: a count or the threshold is missing, or an entry is not what it should be.
        """
        try:
            return cls(**{field.name: _read(field, data) for field in fields(cls)})
        except (TypeError, KeyError) as error:
            raise ValueError(f"Metrics: expected a stored record of figures. Received: {error}.") from error

    def shown(self, name: str) -> Estimate:
        """A figure of `figures.NAMES` as screens show it: with a reason for what there is not."""
        found = getattr(self, name)
        if not isinstance(found, Estimate):  # Brier and ECE
            found = (
                NOT_STORED if found is None and self.n else Estimate(found, *getattr(self, f"{name}_interval") or ())
            )
        if found.value is None:
            return Estimate(None, reason=found.reason or (figures.UNDEFINED[name] if self.n else NOTHING_SCORED))
        if self.groups < FEWEST:
            return Estimate(found.value, reason=TOO_FEW)
        return found if found.low is not None else Estimate(found.value, reason=NOT_STORED.reason)


def _read(field: Field, data: dict):
    """A field of a stored record, or what stands in for it; KeyError where it cannot be done without."""
    is_estimate = field.type == "Estimate"
    if field.name in data:
        value = data[field.name]
        if is_estimate:
            reason = figures.UNDEFINED[field.name] if value["value"] is None else None
            return Estimate(value["value"], value["low"], value["high"], reason)
        return tuple(value) if isinstance(value, list) else value
    if is_estimate:
        return NOT_STORED
    if field.name in ("brier", "ece"):
        return None
    return data[field.name] if field.default is MISSING else field.default


def compute(labels, probabilities, threshold: float, groups=None, *, seed: int = 0) -> Metrics:
    """All figures.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) in 0..1, NaN where missing: such a scan is left out and counted.
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
        probabilities: (R, N) in 0..1; a scan that lacks one in any repetition is left out of all.
        thresholds: one number, or (R, N): a scan's threshold is the one of the model that scored it.

    Returns:
        The metrics; ``threshold`` is the mean one.
    """
    scored = Scored.of(labels, probabilities, groups, thresholds)
    found = (
        _estimates(scored, seed) if scored.n else dict.fromkeys(figures.NAMES, Estimate(None, reason=NOTHING_SCORED))
    )
    brier, ece = found.pop("brier"), found.pop("ece")
    return Metrics(
        n=scored.n,
        groups=scored.distinct,
        positives=int(scored.labels.sum()),
        threshold=float(np.mean(scored.thresholds if scored.n else thresholds)),
        **found,
        brier=brier.value,
        ece=ece.value,
        brier_interval=None if brier.low is None else (brier.low, brier.high),
        ece_interval=None if ece.low is None else (ece.low, ece.high),
        missing=int((~scored.kept).sum()),
    )


def _estimates(scored: Scored, seed: int) -> dict[str, Estimate]:
    found = estimates(mean_table(scored), scored.groups, seed=seed)
    return {
        name: replace(estimate, reason=figures.UNDEFINED[name] if estimate.value is None else None)
        for name, estimate in zip(figures.NAMES, found, strict=True)
    }


@dataclass(frozen=True)
class Confusion:
    """Scans by reference standard and decision, mean over the repeats."""

    tp: float
    fp: float
    fn: float
    tn: float


def confusion(labels, probabilities, thresholds) -> Confusion:
    """The confusion matrix.

    Args:
        labels, probabilities, thresholds: as of `compute_repeated`; one (N,) of probabilities will do.
    """
    scored = Scored.of(labels, probabilities, thresholds=thresholds)
    tables = [
        confusion_matrix(scored.labels, p >= t, labels=[0, 1])
        for p, t in zip(scored.probabilities, scored.thresholds, strict=True)
    ]
    (tn, fp), (fn, tp) = np.mean(tables or [np.zeros((2, 2))], axis=0).tolist()
    return Confusion(tp, fp, fn, tn)


def mean_table(scored: Scored) -> Figure:
    """`figures.table` of each repeat at its thresholds, averaged: weights (B, N) to (B, 12)."""
    tables = [
        figures.table(scored.labels, p, (p >= t).astype(int))
        for p, t in zip(scored.probabilities, scored.thresholds, strict=True)
    ]
    return lambda weights: sum(table(weights) for table in tables) / len(tables)


def expected_calibration_error(labels, probabilities, bins: int = ECE_BINS) -> float:
    """Mean distance of the observed rate from the mean probability over equal-width bins, weighted by count.

    Guo et al. 2017, arXiv:1706.04599, for the probability of the positive class.
    """
    labels, probabilities = np.asarray(labels, float), np.asarray(probabilities, float)
    return float(np.abs(figures.calibration_gaps(labels, probabilities, bins).sum(axis=0)).sum() / len(labels))


def roc_auc(labels, scores) -> float | None:
    """ROC-AUC, None where only one class is present."""
    ranking = Ranking.of(np.asarray(labels) == 1, np.asarray(scores, float))
    value = figures.area(*ranking.counts(np.ones((1, len(ranking.order)))))[0]
    return None if np.isnan(value) else float(value)


def mean(values) -> Figure:
    """The weighted mean of (N,) values as a figure."""
    values = np.asarray(values, float)
    return lambda w: w @ values / w.sum(axis=1)


def balanced_accuracy(labels, predicted, weights: np.ndarray) -> np.ndarray:
    """Mean of sensitivity and specificity of (N,) predictions 0 or 1, as a `Figure` of the weights."""
    positive, alarm = np.asarray(labels) == 1, np.asarray(predicted) == 1

    def share(among: np.ndarray, hit: np.ndarray) -> np.ndarray:
        return quotient(weights @ (among & hit), weights @ among.astype(float))

    return (share(positive, alarm) + share(~positive, ~alarm)) / 2
