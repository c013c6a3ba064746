"""Two models on the same scans: is one better, by how much, and how sure is that.

DeLong's and McNemar's tests take scans for independent, so that both are given one scan a near-duplicate group, its
first; the bootstrap draws groups and takes them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm, rankdata

from brain_core.figures import NAMES, UNDEFINED
from brain_core.intervals import Estimate, Z, wilson
from brain_core.metrics import mean_table
from brain_core.resampling import estimates
from brain_core.scored import NOTHING_SCORED, Scored

NO_VARIANCE = "the difference does not vary from scan to scan"
TWO_OF_A_CLASS = "fewer than two scans of a class"


@dataclass(frozen=True)
class DeLong:
    """ROC-AUC of two models on n scans, one a group; ``difference`` is first - second.

    Attributes:
        p: two-sided, of no difference; None where ``difference`` has no interval, for the reason that it gives.
    """

    n: int
    positives: int
    first: float | None
    second: float | None
    difference: Estimate
    p: float | None


@dataclass(frozen=True)
class McNemar:
    """Decisions of two models on n scans, one a group.

    Attributes:
        difference: share of scans that the first decides rightly less that of the second, with Newcombe's interval.
        p: exact, two-sided, of both being right equally often; None without a scan.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    difference: Estimate
    p: float | None

    @property
    def n(self) -> int:
        return self.both_right + self.only_first + self.only_second + self.both_wrong


def delong(labels, first, second, groups=None) -> DeLong:
    """DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837, by the ranks of Sun and Xu 2014, IEEE SPL 21:1389.

    Scores of R repeats enter by the mean AUC, whose placement values are the means over the repeats.

    Args:
        labels: (N,) 0 or 1.
        first, second: (N,) or (R, N) probabilities, NaN where missing; a scan that either lacks is left out.
        groups: (N,); None takes every scan for independent.

    Raises:
        ValueError: no scan, or lengths differ.
    """
    one, two = (scored.one_a_group() for scored in _both_scored(labels, first, second, groups))
    positives = int(one.labels.sum())
    if one.flaw:
        return DeLong(one.n, positives, None, None, Estimate(None, reason=one.flaw), None)
    (found, cleared), (found_two, cleared_two) = (placements(s.positive, s.probabilities) for s in (one, two))
    value = float(found.mean() - found_two.mean())
    difference, p = _tested(value, found - found_two, cleared - cleared_two, one.few)
    return DeLong(one.n, positives, float(found.mean()), float(found_two.mean()), difference, p)


def placements(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Placement values, mean over the repeats: (P,) of tumours, (M,) of others; the mean of each is the AUC.

    Of a tumour: the share of others with a lower score, a tie counting half; of another scan: the share of tumours
    with a higher one.

    Args:
        positive: bool (N,).
        scores: (R, N).
    """
    tumour, other = scores[:, positive], scores[:, ~positive]
    ranks = rankdata(scores, axis=1)
    found = (ranks[:, positive] - rankdata(tumour, axis=1)) / other.shape[1]
    cleared = 1 - (ranks[:, ~positive] - rankdata(other, axis=1)) / tumour.shape[1]
    return found.mean(axis=0), cleared.mean(axis=0)


def _tested(value: float, found: np.ndarray, cleared: np.ndarray, few: str | None) -> tuple[Estimate, float | None]:
    if few or min(len(found), len(cleared)) < 2:
        return Estimate(value, reason=few or TWO_OF_A_CLASS), None
    deviation = float(np.sqrt(found.var(ddof=1) / len(found) + cleared.var(ddof=1) / len(cleared)))
    if deviation < 1e-12:
        return Estimate(value, reason=NO_VARIANCE), None
    return Estimate(value, value - Z * deviation, value + Z * deviation), float(2 * norm.sf(abs(value) / deviation))


def mcnemar(labels, first, second, first_thresholds, second_thresholds, groups=None) -> McNemar:
    """Exact McNemar test (1947, Psychometrika 12:153) of the decisions at the operating points.

    Of R repeats the majority decides, a tie for 'tumour'.

    Args:
        labels, first, second, groups: as of `delong`.
        first_thresholds, second_thresholds: one number, or as the probabilities.
    """
    both = _both_scored(labels, first, second, groups, first_thresholds, second_thresholds)
    right = [_right(scored.one_a_group()) for scored in both]
    cells = [int(np.sum((right[0] == a) & (right[1] == b))) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return McNemar(*cells, paired_difference(*cells), exact_p(*cells[1:3]) if sum(cells) else None)


def _right(scored: Scored) -> np.ndarray:
    alarms = (scored.probabilities >= scored.thresholds).sum(axis=0)
    return (2 * alarms >= len(scored.probabilities)) == scored.positive


def exact_p(only_first: int, only_second: int) -> float:
    """Two-sided: of a fair coin for each scan that only one of the two decides rightly; 1 where there is none."""
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def paired_difference(both: int, only_first: int, only_second: int, neither: int) -> Estimate:
    """First share less second of the same scans; Newcombe 1998, Stat Med 17:2635, method 10."""
    n = both + only_first + only_second + neither
    if not n:
        return Estimate(None, reason=NOTHING_SCORED)
    shares = np.array([both + only_first, both + only_second]) / n
    low, high = wilson(shares * n, n)
    below, above = shares - low, high - shares
    margins = np.prod([n * shares[0], n * (1 - shares[0]), n * shares[1], n * (1 - shares[1])])
    excess = float(both * neither - only_first * only_second)
    excess = max(excess - n / 2, 0.0) if excess > 0 else excess  # his continuity correction
    phi = excess / np.sqrt(margins) if margins > 0 else 0.0
    value = float(shares[0] - shares[1])
    down = np.sqrt(below[0] ** 2 - 2 * phi * below[0] * above[1] + above[1] ** 2)
    up = np.sqrt(above[0] ** 2 - 2 * phi * above[0] * below[1] + below[1] ** 2)
    return Estimate(value, float(value - down), float(value + up))


def differences(
    labels, first, second, first_thresholds, second_thresholds, groups=None, *, seed: int = 0
) -> dict[str, Estimate]:
    """Each of `figures.NAMES`, first - second, with its interval by a bootstrap that draws the same scans for both.

    Args: as of `mcnemar`; all scans of a group are used.
    """
    one, two = _both_scored(labels, first, second, groups, first_thresholds, second_thresholds)
    if not one.n:
        return dict.fromkeys(NAMES, Estimate(None, reason=NOTHING_SCORED))
    first_table, second_table = mean_table(one), mean_table(two)
    found = estimates(lambda weights: first_table(weights) - second_table(weights), one.groups, seed=seed)
    found = [Estimate(e.value, reason=one.few) if one.few and e.value is not None else e for e in found]
    return {
        name: Estimate(None, reason=UNDEFINED[name]) if estimate.value is None else estimate
        for name, estimate in zip(NAMES, found, strict=True)
    }


def _both_scored(labels, first, second, groups, first_thresholds=0.5, second_thresholds=0.5) -> tuple[Scored, Scored]:
    """Both on the scans that both have scored."""
    one, two = Scored.of(labels, first, groups, first_thresholds), Scored.of(labels, second, groups, second_thresholds)
    common = one.kept & two.kept
    return one.only(common[one.kept]), two.only(common[two.kept])


def sentence(first: str, second: str, auc: DeLong, decisions: McNemar | None = None) -> str:
    """What `delong` and `mcnemar` found, for a clinician; a large p is never called equality.

    Args:
        first, second: the models' names.
    """
    if auc.first is None:
        return f"{first} and {second} are not compared: {auc.difference.reason}."
    told = (
        f"On the same {auc.n} scans ({auc.positives} with a tumour), {first} reaches a ROC-AUC of {auc.first:.3f} and "
        f"{second} one of {auc.second:.3f}: a difference of {auc.difference.text(signed=True)}"
    )
    told += f", {_p(auc.p)} (DeLong). {_verdict(first, second, auc.difference)}" if auc.p is not None else "."
    if decisions is None or decisions.p is None:
        return told
    alone = f"{decisions.only_first} scan{'' if decisions.only_first == 1 else 's'}"
    return (
        f"{told} At their operating points only {first} is right on {alone} and only {second} on "
        f"{decisions.only_second} of {decisions.n}: a difference in accuracy of "
        f"{decisions.difference.text(signed=True)}, {_p(decisions.p)} (exact McNemar). "
        f"{_verdict(first, second, decisions.difference)}"
    )


def _verdict(first: str, second: str, difference: Estimate) -> str:
    if difference.low > 0 or difference.high < 0:
        return f"By this measure {first if difference.value > 0 else second} does better on scans like these."
    return "The interval holds 0: this neither shows which of the two does better nor that they do equally well."


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
