"""Figures and curves of stored predictions, worked out once for a content and shared by all sessions."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core import metrics
from brain_core.comparison import DeLong, McNemar, delong, differences, mcnemar
from brain_core.curves import Curves, Histogram, curves, histogram
from brain_core.decision_curve import DecisionCurve, decision_curve
from brain_core.evaluation.stored_results import CROSS_VALIDATION, StoredResult, StoredResults, common
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.reliability import Reliability, reliability
from brain_core.thresholds import DEFAULT as HALF
from brain_core.ui import stored
from brain_core.ui.metrics.choice import DEFAULT


@dataclass(frozen=True, eq=False)
class Shapes:
    """What does not depend on a threshold."""

    curves: Curves
    histogram: Histogram
    reliability: Reliability
    decisions: DecisionCurve


@dataclass(frozen=True, eq=False)
class Paired:
    """Two models on the scans that both have scored, ``n`` of them."""

    n: int
    auc: DeLong
    decisions: McNemar
    differences: dict[str, Estimate]


def counted(result: StoredResult) -> StoredResult:
    """The scans that the figures count: of a cross-validation one a near-duplicate group, else all."""
    return result.one_a_group() if result.split == CROSS_VALIDATION else result


def threshold_of(result: StoredResult, at: str):
    """The operating points in use, or 0.5."""
    return HALF if at == DEFAULT else result.thresholds


def figures(found: StoredResults, result: StoredResult, at: str) -> Metrics:
    """Every figure with its interval."""
    return _figures(found.checksum, result.key, at, result)


def shapes(found: StoredResults, result: StoredResult) -> Shapes:
    """Curves, histogram, calibration and net benefit."""
    return _shapes(found.checksum, result.key, result)


def paired(found: StoredResults, first: StoredResult, second: StoredResult, at: str) -> Paired | None:
    """The comparison; None where the two have no scan in common."""
    return _paired(found.checksum, first.key, second.key, at, first, second)


@st.cache_resource(show_spinner="Working out the figures …", max_entries=stored.ENTRIES)
def _figures(checksum: str, key: tuple, at: str, _result: StoredResult) -> Metrics:
    one = counted(_result)
    return metrics.compute_repeated(one.labels, one.probabilities, threshold_of(one, at), one.groups)


@st.cache_resource(show_spinner="Drawing the curves …", max_entries=stored.ENTRIES)
def _shapes(checksum: str, key: tuple, _result: StoredResult) -> Shapes:
    one = counted(_result)
    data = one.labels, one.probabilities
    return Shapes(
        curves(*data, one.groups), histogram(*data), reliability(*data, one.groups), decision_curve(*data, one.groups)
    )


@st.cache_resource(show_spinner="Comparing …", max_entries=stored.ENTRIES)
def _paired(checksum: str, key: tuple, other: tuple, at: str, _first: StoredResult, _second: StoredResult):
    one, two = common(counted(_first), counted(_second))
    if not len(one.labels):
        return None
    both = one.labels, one.probabilities, two.probabilities
    thresholds = threshold_of(one, at), threshold_of(two, at)
    return Paired(
        len(one.labels),
        delong(*both, one.groups),
        mcnemar(*both, *thresholds, one.groups),
        differences(*both, *thresholds, one.groups),
    )


def confusion(result: StoredResult, at: str) -> metrics.Confusion:
    """Of the scans of ``result``, all of them."""
    return metrics.confusion(result.labels, result.probabilities, threshold_of(result, at))
