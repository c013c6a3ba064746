"""Do two samples of a figure come from the same distribution: population stability index and a two-sample test.

The index (PSI) compares the shares of the reference's decile bins: the sum over bins of (q - p) ln(q / p), with p of
the reference and q of the current sample; by custom below 0.1 no shift, from 0.25 on a major one (Siddiqi 2006, Credit
Risk Scorecards). Without any shift it is not 0: it is then distributed as (1/m + 1/n) times a chi-square variable of as
many degrees of freedom as bins less one, so that (bins - 1) (1/m + 1/n) is what to expect (Yurdakul and Naranjo 2020,
Journal of Risk Model Validation 14(4):89). Half a count is added to every bin of both samples, so that an empty one
gives no infinity.

Beside it stands Kolmogorov and Smirnov's test: unlike that of Cramer and von Mises its statistic says something by
itself, the largest distance between the two cumulative shares. Ties make it conservative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, ks_2samp

BINS = 10
ADDED = 0.5  # to the count of a bin
LEAST_REFERENCE = 5 * BINS  # values: five a bin, as for any chi-square (Cochran 1954, Biometrics 10:417)
CHANCE = 0.99  # quantile of the index without any shift that an alert has to pass: many figures are watched


@dataclass(frozen=True)
class Psi:
    """Population stability index.

    Attributes:
        bins: that were compared; fewer than ten where values repeat.
        expected: what to expect without any shift.
        chance: what 99 of 100 samples without any shift stay below.
    """

    value: float
    bins: int
    expected: float
    chance: float


@dataclass(frozen=True)
class Shift:
    """A sample against its reference.

    Attributes:
        reference_n, n: values.
        psi, distance, p: None where one of the samples is empty; the test's statistic is 0..1.
        reference_median, median: likewise.
    """

    reference_n: int
    n: int
    psi: Psi | None
    distance: float | None
    p: float | None
    reference_median: float | None
    median: float | None


def shift(reference: np.ndarray, current: np.ndarray) -> Shift:
    """Compare two samples.

    Args:
        reference, current: float (M,) and (N,), finite, rounded alike: a tie must stay a tie.
    """
    medians = [float(np.median(each)) if len(each) else None for each in (reference, current)]
    if not len(reference) or not len(current):
        return Shift(len(reference), len(current), None, None, None, *medians)
    test = ks_2samp(reference, current, method="asymp")
    found = psi(reference, current)
    return Shift(len(reference), len(current), found, float(test.statistic), float(test.pvalue), *medians)


def psi(reference: np.ndarray, current: np.ndarray) -> Psi:
    """The index over the decile bins of the reference.

    Args:
        reference, current: float (M,) and (N,), M and N above 0.
    """
    edges = edges_of(reference)
    counts = np.stack([_counts(each, edges) for each in (reference, current)])
    counts = counts[:, counts.any(axis=0)]
    bins = counts.shape[1]
    p, q = (counts + ADDED) / (counts.sum(axis=1, keepdims=True) + ADDED * bins)
    scale = 1 / len(reference) + 1 / len(current)
    chance = float(chi2.ppf(CHANCE, bins - 1)) * scale if bins > 1 else 0.0
    return Psi(float(np.sum((q - p) * np.log(q / p))), bins, (bins - 1) * scale, chance)


def edges_of(reference: np.ndarray) -> np.ndarray:
    """Ascending upper ends of all bins but the last, each taken into its bin.

    They are the deciles, values of the reference itself. A value that takes two deciles or more is a bin of its own, so
    that a constant reference too tells other values from its own.
    """
    deciles = np.quantile(reference, np.arange(1, BINS) / BINS, method="inverted_cdf")
    values, counts = np.unique(deciles, return_counts=True)
    return np.unique(np.concatenate([values, np.nextafter(values[counts > 1], -np.inf)]))


def shares(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges, and the shares of the two samples in the bins between them, for a chart."""
    edges = edges_of(reference)
    found = (_counts(each, edges) / max(1, len(each)) for each in (reference, current))
    return edges, *found


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
