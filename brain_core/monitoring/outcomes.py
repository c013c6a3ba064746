"""What the predictions were worth where readers have confirmed the finding: by model, version and month.

Only confirmed cases count, and which cases get confirmed is not left to chance (verification bias; Begg and Greenes
1983, Biometrics 39:207): the figures hold for them, not for all that was assessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass

import numpy as np

from brain_core import metrics
from brain_core.figures import UNDEFINED
from brain_core.intervals import Estimate, proportion
from brain_core.monitoring.calendar import month_names
from brain_core.monitoring.columns import EPOCH, Columns, moment
from brain_core.store.records import FeedbackRow
from brain_core.store.verdict import Verdict, verdict

NOT_ASKED = "not asked for"


@dataclass(frozen=True)
class Confirmed:
    """A confirmed case as one model judged it, the latest time that it did before the case was confirmed.

    Attributes:
        at: ISO 8601, UTC.
        positive: whether the confirmed finding is a tumour.
        basis: see `brain_core.store.records.BASES`.
        probability, label: the model's; None where the case was not assessed. ``label`` is 1 for a tumour.
    """

    case: str
    at: str
    month: str
    model: str
    version: str
    positive: bool
    basis: str
    probability: float | None
    threshold: float
    label: int | None

    @property
    def missed(self) -> bool:
        return self.positive and self.label == 0


@dataclass(frozen=True)
class Outcome:
    """Of confirmed cases of one version of a model, in all or of a month.

    Attributes:
        month: such as '2026-03', of the prediction, UTC; None for all.
        n: cases that were confirmed and assessed; ``not_assessed`` more were confirmed.
        roc_auc, brier, ece: with intervals by bootstrap, where they were asked for.
    """

    model: str
    version: str
    month: str | None
    n: int
    not_assessed: int
    tp: int
    fp: int
    fn: int
    tn: int
    sensitivity: Estimate
    specificity: Estimate
    roc_auc: Estimate
    brier: Estimate
    ece: Estimate


def verdicts(feedback: Iterable[FeedbackRow]) -> dict[str, Verdict]:
    """Of every case that a reader said something of; rows are the oldest first."""
    of_case = defaultdict(list)
    for row in feedback:
        of_case[row.case].append(row)
    return {case: verdict(rows) for case, rows in of_case.items()}


def of_cases(predictions: Columns, cases: Container[str]) -> Columns:
    """The rows of these alone."""
    wanted = np.fromiter((case in cases for case in predictions.cases), bool, len(predictions.cases))
    return predictions.take(wanted[predictions.case])


def confirmed(predictions: Columns, found: dict[str, Verdict]) -> tuple[Confirmed, ...]:
    """The cases whose finding is confirmed, a row a case, model and version; the oldest first.

    What a model says of a case after it was first confirmed does not count: it may have learned from it meanwhile.
    """
    settled = {case: each for case, each in found.items() if each.confirmed}
    known = of_cases(predictions, settled)
    if not len(known):
        return ()
    until = np.array([_confirmed_at(settled.get(case)) for case in known.cases], known.at.dtype)
    latest = known.take(known.at <= until[known.case]).one_a_case()
    assessed, months = latest.assessed, month_names(latest.at)
    times = np.datetime_as_string(latest.at, unit="s")
    return tuple(
        Confirmed(
            case=(case := predictions.cases[latest.case[i]]),
            at=f"{times[i]}Z",
            month=str(months[i]),
            model=str(latest.model[i]),
            version=str(latest.version[i]),
            positive=settled[case].finding == "tumor",
            basis=settled[case].basis,
            probability=float(latest.probability[i]) if assessed[i] else None,
            threshold=float(latest.threshold[i]),
            label=int(latest.label[i]) if assessed[i] else None,
        )
        for i in range(len(latest))
    )


def _confirmed_at(found: Verdict | None) -> np.datetime64:
    return moment(found.confirmed_at if found else EPOCH)


def outcomes(cases: Iterable[Confirmed], *, by_month: bool = False, bootstrap: bool = True) -> tuple[Outcome, ...]:
    """By model and version, and month where wanted, in this order.

    Args:
        bootstrap: whether ROC-AUC, Brier score and ECE have intervals, which takes half a second for 7,000 cases.
    """
    groups = defaultdict(list)
    for case in cases:
        groups[case.model, case.version, case.month if by_month else None].append(case)
    return tuple(_outcome(*key, groups[key], bootstrap) for key in sorted(groups, key=lambda key: tuple(map(str, key))))


def _outcome(model: str, version: str, month: str | None, cases: list[Confirmed], bootstrap: bool) -> Outcome:
    counted = [case for case in cases if case.label is not None]
    positive = np.array([case.positive for case in counted], bool)
    alarm = np.array([case.label == 1 for case in counted], bool)
    tp, fp = int(np.sum(positive & alarm)), int(np.sum(~positive & alarm))
    fn, tn = int(np.sum(positive & ~alarm)), int(np.sum(~positive & ~alarm))
    return Outcome(
        model,
        version,
        month,
        len(counted),
        len(cases) - len(counted),
        *(tp, fp, fn, tn),
        proportion(tp, tp + fn, UNDEFINED["recall"]),
        proportion(tn, tn + fp, UNDEFINED["specificity"]),
        **_scores(positive, counted, bootstrap),
    )


def _scores(positive: np.ndarray, cases: list[Confirmed], bootstrap: bool) -> dict[str, Estimate]:
    names = ("roc_auc", "brier", "ece")
    if not cases:
        return {name: Estimate(None, reason=UNDEFINED[name]) for name in names}
    p, t = (np.array([getattr(case, name) for case in cases]) for name in ("probability", "threshold"))
    if bootstrap:
        found = metrics.compute_repeated(positive, [p], [t])
        return {name: found.shown(name) for name in names}
    area = metrics.roc_auc(positive, p)
    values = (area, float(np.mean((p - positive) ** 2)), metrics.expected_calibration_error(positive, p))
    reasons = (NOT_ASKED if area is not None else UNDEFINED["roc_auc"], NOT_ASKED, NOT_ASKED)
    return {name: Estimate(v, reason=r) for name, v, r in zip(names, values, reasons, strict=True)}
