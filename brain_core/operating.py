"""What a threshold means: counts and rates with intervals, of any number of stored predictions.

Moving the threshold costs a binary search, however many predictions are stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.figures import Ranking
from brain_core.intervals import Estimate, proportion, ratio_limits, sum_of
from brain_core.prevalence import AtPrevalence, at_prevalence
from brain_core.scored import NOTHING_SCORED, Scored
from brain_core.thresholds import Rates, expected_cost

NO_ALARM_RATE = "no scan without a tumour predicted positive, so that the ratio has no bound"
NO_CLEARANCE = "no scan without a tumour predicted negative, so that the ratio has no bound"
# Of a group's counts (true alarms, false alarms, tumours, others): numerator and denominator of each share.
TP, FP, P, N = np.eye(4)
SHARES = {
    "accuracy": (TP + N - FP, P + N, NOTHING_SCORED),
    "sensitivity": (TP, P, "no scan with a tumour"),
    "specificity": (N - FP, N, "no scan without a tumour"),
    "precision": (TP, TP + FP, "no scan predicted positive"),
    "npv": (N - FP, P + N - TP - FP, "no scan predicted negative"),
    "jaccard": (TP, P + FP, "no scan with a tumour and none predicted positive"),
}


@dataclass(frozen=True)
class Point:
    """One threshold: a scan is positive where ``probability >= threshold``. Counts are means over the repeats.

    ``precision`` and ``npv`` hold at the prevalence of the scans; `at_prevalence` has those of patients.
    """

    threshold: float
    tp: float
    fp: float
    fn: float
    tn: float
    accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    npv: Estimate
    balanced_accuracy: Estimate
    f1: Estimate
    lr_positive: Estimate
    lr_negative: Estimate

    def at_prevalence(self, prevalence: float) -> AtPrevalence:
        """What it means where that share, 0..1, of the patients have a tumour."""
        return at_prevalence(self.sensitivity, self.specificity, prevalence)

    def cost(self, ratio: float, prevalence: float) -> Estimate:
        """`thresholds.expected_cost` a patient, with its interval."""
        missed, rate = self.sensitivity.scaled(-1, 1), self.specificity.scaled(-1, 1)
        return sum_of(missed.scaled(ratio * prevalence), rate.scaled(1 - prevalence))


@dataclass(frozen=True, eq=False)
class OperatingCurve:
    """Stored predictions, sorted and cumulated once.

    Attributes:
        ranking: of all R x N predictions.
        totals: (T + 1, 4) true alarms, false alarms, tumours, others after each step of the falling threshold.
        spread: (T + 1, 4, 4) their products within groups, summed over groups: what the intervals come from.
        repeats: R; counts of all repeats together are divided by it.
    """

    ranking: Ranking
    totals: np.ndarray
    spread: np.ndarray
    repeats: int
    rates: Rates | None
    n: int
    flaw: str | None

    @classmethod
    def of(cls, labels, probabilities, groups=None) -> OperatingCurve:
        """Sort and cumulate.

        Args:
            labels: (N,) 0 or 1.
            probabilities: (N,) or (R, N) in 0..1, NaN where missing.
            groups: (N,); None takes every scan for independent.

        Raises:
            ValueError: no scan, or lengths differ.
        """
        scored = Scored.of(labels, probabilities, groups)
        repeats = len(scored.probabilities)
        scores, positive = scored.probabilities.ravel(), np.tile(scored.positive, repeats)
        cluster = np.tile(np.unique(scored.groups, return_inverse=True)[1], repeats)
        ranking = Ranking.of(positive, scores)
        totals, spread = _cumulated(ranking.positive, cluster[ranking.order])
        return cls(
            ranking,
            totals[ranking.ends],
            spread[ranking.ends],
            max(1, repeats),
            None if scored.flaw else Rates.of(positive.astype(int), scores),
            scored.n,
            scored.flaw,
        )

    def at(self, threshold: float) -> Point:
        """Counts, rates and intervals at a threshold.

        Intervals are Wilson's, for the scans that the groups are worth (Rao and Scott 1992, Biometrics 48:577), which
        with one scan a group are all of them; repeats of a scan count as one. Those of balanced accuracy and the
        likelihood ratios combine Wilson's of sensitivity and specificity (`intervals.sum_of`, `ratio_limits`); that
        of F1 = 2 J / (1 + J) is the one of J, true alarms among scans with a tumour or an alarm.
        """
        step = int(self.ranking.steps(threshold))
        share = {name: self._share(step, *parts) for name, parts in SHARES.items()}
        tp, fp, tumours, others = self.totals[step].tolist()
        sensitivity, specificity, jaccard = share["sensitivity"], share["specificity"], share.pop("jaccard")
        return Point(
            threshold,
            *(count / self.repeats for count in (tp, fp, tumours - tp, others - fp)),
            **share,
            balanced_accuracy=sum_of(sensitivity, specificity).scaled(0.5),
            f1=_f1(jaccard),
            lr_positive=_ratio(sensitivity, specificity.scaled(-1, 1), NO_ALARM_RATE),
            lr_negative=_ratio(sensitivity.scaled(-1, 1), specificity, NO_CLEARANCE),
        )

    def lowest_cost(self, ratio: float, prevalence: float) -> float | None:
        """`thresholds.lowest_cost` of these predictions; None where they lack a class (``flaw``)."""
        return None if self.rates is None else self.rates.lowest_cost(ratio, prevalence)

    def costs(self, ratio: float, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
        """(thresholds, expected cost a patient), float64 (T,) each; without entries where a class is lacking."""
        if self.rates is None:
            return np.empty(0), np.empty(0)
        rates = self.rates
        return rates.thresholds, expected_cost(rates.sensitivity, rates.specificity, ratio=ratio, prevalence=prevalence)

    def _share(self, step: int, part: np.ndarray, whole: np.ndarray, reason: str) -> Estimate:
        hits, n = float(part @ self.totals[step]), float(whole @ self.totals[step])
        if not n:
            return Estimate(None, reason=self.flaw if self.flaw == NOTHING_SCORED else reason)
        share = hits / n
        away = part - share * whole
        # At 0 and 1 nothing is spread: there the scans of a group are taken for one.
        if 0 < share < 1:
            effect = float(away @ self.spread[step] @ away) / (n * share * (1 - share))
        else:
            effect = float(whole @ self.spread[step] @ whole) / n
        worth = n / max(effect, self.repeats)
        return proportion(share * worth, worth, reason)


def _cumulated(positive: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M + 1, 4) and (M + 1, 4, 4), see `OperatingCurve`, of M predictions in descending order of score."""
    event = np.where(positive[:, None], TP, FP)
    size = int(cluster.max()) + 1 if len(cluster) else 0
    members = np.stack([np.bincount(cluster, part, size) for part in (positive, ~positive)], axis=1)
    before = np.concatenate([_earlier(event[:, :2], cluster), members[cluster]], axis=1)
    cross = event[:, :, None] * before[:, None, :]
    added = cross + cross.transpose(0, 2, 1) + event[:, :, None] * event[:, None, :]
    spread = np.zeros((len(positive) + 1, 4, 4))
    spread[0, 2:, 2:] = members.T @ members
    spread[1:] = spread[0] + np.cumsum(added, axis=0)
    totals = np.zeros((len(positive) + 1, 4))
    totals[1:] = np.cumsum(event, axis=0)
    totals[:, 2:] = members.sum(axis=0)
    return totals, spread


def _earlier(event: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """(M, 2): how many events of each kind came before, in the same cluster."""
    order = np.argsort(cluster, kind="stable")
    running = np.cumsum(event[order], axis=0) - event[order]
    first = np.searchsorted(cluster[order], np.arange(cluster.max() + 1 if len(cluster) else 0))
    earlier = np.empty_like(running)
    earlier[order] = running - running[first][cluster[order]]
    return earlier


def _f1(jaccard: Estimate) -> Estimate:
    if jaccard.value is None:
        return jaccard
    return Estimate(*(2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high)))


def _ratio(above: Estimate, below: Estimate, unbounded: str) -> Estimate:
    for each in (above, below):
        if each.value is None:
            return each
    if below.value == 0:
        return Estimate(None, reason=unbounded)
    return Estimate(above.value / below.value, *ratio_limits(above, below))
