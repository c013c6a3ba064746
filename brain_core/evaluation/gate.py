"""May a newly trained model take the place of the one in service? Only if it is not worse by more than a margin.

Point estimates decide. Whether the scans also show it, as a non-inferiority trial would have to (Piaggio et al. 2012,
JAMA 308:2594), is said beside the decision: they do where the whole 95 % interval of the difference lies above minus
the margin. Fewer than `FEWEST` distinct scans decide nothing. Both checks count one scan a near-duplicate group, so
that copies make no interval narrower than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.comparison import DeLong, McNemar
from brain_core.intervals import Estimate
from brain_core.scored import FEWEST, TOO_FEW

ROC_AUC, SENSITIVITY = "ROC-AUC", "sensitivity"  # the latter at the operating points
SLACK = 1e-9  # of a difference: rounding decides nothing at the margin


@dataclass(frozen=True)
class Check:
    """One figure of both models.

    Attributes:
        challenger, champion: the figure, 0..1, higher is better; None where it cannot be computed.
        difference: challenger - champion, with its 95 % interval.
        passed: whether there is a difference and it is not below minus the margin.
        reason: the finding in words.
        n: distinct scans that it rests on.
    """

    name: str
    challenger: float | None
    champion: float | None
    difference: Estimate
    passed: bool
    reason: str
    n: int


@dataclass(frozen=True)
class Gate:
    """Whether the challenger passed: all checks did, on scans enough.

    Attributes:
        text: all of it in words, on one line of less than 500 characters: a promotion keeps it.
    """

    passed: bool
    margin: float
    text: str
    checks: tuple[Check, ...]


def gate(auc: DeLong, sensitivity: McNemar, margin: float) -> Gate:
    """The decision.

    Args:
        auc: challenger first, of one scan a group.
        sensitivity: likewise, of scans with a tumour alone: right is found.
        margin: by how much the challenger may be worse, 0..1.
    """
    found = sensitivity.both_right, sensitivity.only_first, sensitivity.only_second
    shares = _shares(*found, sensitivity.n)
    checks = (
        _check(ROC_AUC, (auc.first, auc.second), auc.difference, margin, auc.n),
        _check(SENSITIVITY, shares, sensitivity.difference, margin, sensitivity.n),
    )
    enough = auc.n >= FEWEST
    passed = enough and all(check.passed for check in checks)
    decision = "passed" if passed else "not passed" if enough else f"not passed: {TOO_FEW}"
    head = f"Gate {decision} (margin {margin:g}, n = {auc.n} distinct scans, {auc.positives} with a tumour)."
    return Gate(passed, margin, " ".join([head, *(_sentence(check, auc.n) for check in checks)]), checks)


def closed(reason: str, margin: float) -> Gate:
    """Where there is nothing to compare.

    Args:
        reason: in words, as in ``no scan is left to compare on``.
    """
    return Gate(False, margin, f"Gate not passed (margin {margin:g}, n = 0). Nothing is compared: {reason}.", ())


def _shares(both: int, only_first: int, only_second: int, n: int) -> tuple[float | None, float | None]:
    return ((both + only_first) / n, (both + only_second) / n) if n else (None, None)


def _check(name: str, figures: tuple[float | None, float | None], difference: Estimate, margin: float, n: int) -> Check:
    passed = difference.value is not None and difference.value >= -margin - SLACK
    return Check(name, *figures, difference, passed, _finding(difference, passed, margin), n)


def _finding(difference: Estimate, passed: bool, margin: float) -> str:
    if difference.value is None:
        return f"not compared: {difference.reason}"
    limit = f"{0 - margin:g}"
    if passed and difference.low is None:
        return "within the margin: non-inferiority is not shown, only not contradicted"
    if passed and difference.low > -margin + SLACK:
        return f"within the margin, the interval wholly above {limit}: non-inferiority is shown"
    if passed:
        return (
            f"within the margin, the interval not wholly above {limit}: "
            "non-inferiority is not shown, only not contradicted"
        )
    if difference.high is None:
        return "worse by more than the margin on these scans"
    if difference.high < -margin - SLACK:
        return f"worse by more than the margin, the interval wholly below {limit}: these scans show it"
    return f"worse by more than the margin; the interval reaches {limit}: a smaller loss is not ruled out"


def _sentence(check: Check, n: int) -> str:
    name = check.name[0].upper() + check.name[1:] + (f" (n = {check.n})" if check.n != n else "")
    if check.difference.value is None:
        return f"{name}: {check.reason}."
    return (
        f"{name}: challenger {check.challenger:.3f}, champion {check.champion:.3f}, "
        f"difference {check.difference.text(signed=True)}, {check.reason}."
    )
