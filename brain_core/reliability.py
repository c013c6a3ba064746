"""Does a probability mean what it says: the calibration curve with its slope and intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from brain_core.calibration import logits
from brain_core.figures import ECE_BINS, bin_of
from brain_core.intervals import Estimate, Z, wilson
from brain_core.scored import FEWEST, Scored

STEPS, CLOSE = 50, 1e-10  # of Newton's method; it takes about 8
SEPARATED = "the scores tell the classes apart without error"
NO_FIT = "the logistic regression does not converge"
ALL_EQUAL = "all probabilities are equal"
TOO_FEW_OF_A_CLASS = f"fewer than {FEWEST} distinct scans of a class"


@dataclass(frozen=True)
class Bin:
    """Scans whose probability lies in ``low <= p < high``; in the last bin 1 too.

    Attributes:
        count: of scans, mean over the repeats.
        probability: mean; None in an empty bin.
        observed: share with a tumour, with Wilson's interval; of grouped scans for the number of groups in the bin.
    """

    low: float
    high: float
    count: float
    probability: float | None
    observed: Estimate


@dataclass(frozen=True)
class Reliability:
    """Calibration of N scans.

    Attributes:
        slope: of the logistic regression of the label on the logit (Cox 1958, Biometrika 45:562); 1 is right, below
            1 probabilities are too extreme.
        intercept: calibration-in-the-large, the intercept where the slope is held at 1; 0 is right, below 0
            probabilities are too high. Van Calster et al. 2019, BMC Medicine 17:230.
    """

    n: int
    bins: tuple[Bin, ...]
    slope: Estimate
    intercept: Estimate


def reliability(labels, probabilities, groups=None, bins: int = ECE_BINS) -> Reliability:
    """Equal-width bins, slope and intercept.

    The intervals of slope and intercept are Wald's, with the sandwich variance over groups (Liang and Zeger 1986), so
    that neither near-duplicates nor repeats of a scan count as new ones.

    Args:
        labels: (N,) 0 or 1.
        probabilities: (N,) or (R, N) in 0..1, NaN where missing.
        groups: (N,); None takes every scan for independent.

    Raises:
        ValueError: no scan, or lengths differ.
    """
    scored = Scored.of(labels, probabilities, groups)
    slope, intercept = _recalibrated(scored)
    return Reliability(scored.n, _bins(scored, bins), slope, intercept)


def _bins(scored: Scored, bins: int) -> tuple[Bin, ...]:
    repeats = max(1, len(scored.probabilities))
    number = bin_of(scored.probabilities, bins).ravel()
    count, total, hits = (
        np.bincount(number, values, bins) / repeats
        for values in (
            np.ones(number.size),
            scored.probabilities.ravel(),
            np.tile(scored.labels, repeats),
        )
    )
    # A group counts in a bin by the share of its scans there, so that one scan a group leaves the count as it is.
    _, group, size = np.unique(scored.groups, return_inverse=True, return_counts=True)
    distinct = np.bincount(number, np.tile(1 / size[group], repeats), bins) / repeats
    edges = np.arange(bins + 1) / bins
    return tuple(_bin(*each) for each in zip(edges[:-1], edges[1:], count, total, hits, distinct, strict=True))


def _bin(low: float, high: float, count: float, total: float, hits: float, distinct: float) -> Bin:
    if not count:
        return Bin(float(low), float(high), 0.0, None, Estimate(None, reason="no scan in this bin"))
    share = float(hits / count)
    ends = wilson(share * distinct, distinct)
    return Bin(float(low), float(high), float(count), float(total / count), Estimate(share, *map(float, ends)))


def _recalibrated(scored: Scored) -> tuple[Estimate, Estimate]:
    """(slope, intercept)."""
    if reason := scored.flaw or _too_few(scored):
        return Estimate(None, reason=reason), Estimate(None, reason=reason)
    repeats = len(scored.probabilities)
    x, y = logits(scored.probabilities).ravel(), np.tile(scored.labels, repeats).astype(float)
    cluster = np.tile(np.unique(scored.groups, return_inverse=True)[1], repeats)
    (intercept,) = _regression(np.ones((x.size, 1)), x, y, cluster)
    if x.min() == x.max():
        return Estimate(None, reason=ALL_EQUAL), intercept
    if x[y == 1].min() >= x[y == 0].max() or x[y == 1].max() <= x[y == 0].min():
        return Estimate(None, reason=SEPARATED), intercept
    _, slope = _regression(np.stack([np.ones_like(x), x], axis=1), np.zeros_like(x), y, cluster)
    return slope, intercept


def _too_few(scored: Scored) -> str | None:
    distinct = [len(np.unique(scored.groups[part])) for part in (scored.positive, ~scored.positive)]
    return TOO_FEW_OF_A_CLASS if min(distinct) < FEWEST else None


def _regression(design: np.ndarray, offset: np.ndarray, y: np.ndarray, cluster: np.ndarray) -> list[Estimate]:
    """Logistic, by Newton's method: a coefficient a column of ``design`` (M, K), with its interval over clusters."""
    coefficients = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = expit(design @ coefficients + offset)
        information = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(information, design.T @ (y - p))
        coefficients = coefficients + np.clip(step, -1, 1)  # a full step may overshoot where p is all but 0 or 1
        if np.abs(step).max() < CLOSE:
            break
    else:
        return [Estimate(None, reason=NO_FIT)] * design.shape[1]
    score = design * (y - p)[:, None]
    by_cluster = np.stack([np.bincount(cluster, column) for column in score.T], axis=1)
    bread = np.linalg.inv(information)
    deviation = np.sqrt(np.diag(bread @ by_cluster.T @ by_cluster @ bread))
    return [
        Estimate(float(b), float(b - Z * s), float(b + Z * s)) for b, s in zip(coefficients, deviation, strict=True)
    ]
