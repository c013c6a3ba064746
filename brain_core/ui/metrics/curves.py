"""ROC and precision-recall curves with bands, the scores by class, calibration and the decision curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from brain_core.evaluation.stored_results import StoredResult, StoredResults
from brain_core.ui import curve_charts, stored
from brain_core.ui.metrics import worked_out
from brain_core.ui.metrics.choice import Choice

POINTWISE = "Bands hold 95 % pointwise, by bootstrap over near-duplicate groups."


def show_discrimination(choice: Choice, found: StoredResults) -> None:
    """How well the scores tell the classes apart."""
    shapes = {result.name: worked_out.shapes(found, result) for result in choice.everything if not _one_score(result)}
    figures = {result.name: worked_out.figures(found, result, choice.at) for result in choice.everything}
    left, right = st.columns(2, gap="large")
    with left:
        curves = {name: shape.curves.roc for name, shape in shapes.items()}
        told = "; ".join(f"{stored.title(name)} {figures[name].shown('roc_auc').text()}" for name in curves)
        curve_charts.roc(curves, key="metrics_roc", told=f"ROC-AUC: {told}. {POINTWISE}")
    with right:
        curves = {name: shape.curves.precision_recall for name, shape in shapes.items()}
        told = "; ".join(f"{stored.title(name)} {figures[name].shown('pr_auc').text()}" for name in curves)
        curve_charts.precision_recall(curves, key="metrics_pr", told=f"Average precision: {told}. {POINTWISE}")
    for column, result in zip(st.columns(max(2, len(choice.results))), choice.results, strict=False):
        with column:
            shape = worked_out.shapes(found, result)
            curve_charts.histogram(shape.histogram, stored.title(result.name), key=f"metrics_histogram_{result.name}")


def _one_score(result: StoredResult) -> bool:
    """Whether it says the same of every scan, as the majority class does: its curve is that of chance."""
    return len(np.unique(result.probabilities[~np.isnan(result.probabilities)])) < 2


def show_calibration(choice: Choice, found: StoredResults) -> None:
    """Whether a probability means what it says."""
    for column, result in zip(st.columns(max(2, len(choice.results))), choice.results, strict=False):
        with column:
            found_here = worked_out.shapes(found, result).reliability
            figures = worked_out.figures(found, result, choice.at)
            curve_charts.calibration(
                found_here,
                result.name,
                stored.title(result.name),
                key=f"metrics_calibration_{result.name}",
                told=f"Slope {found_here.slope.text(2)}, intercept {found_here.intercept.text(2)}; "
                f"ECE {figures.shown('ece').text()}; Brier score {figures.shown('brier').text()}.",
            )
            st.dataframe(_bins(found_here), hide_index=True, width="stretch", key=f"metrics_bins_{result.name}")
    st.caption(
        "Right are slope 1 and intercept 0: a slope below 1 means probabilities that are too extreme, an intercept "
        "below 0 probabilities that are too high (Van Calster et al. 2019). Bars are Wilson's 95 % intervals."
    )


def _bins(found) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Probability": f"{each.low:.1f} to {each.high:.1f}",
                "Scans": f"{each.count:.4g}",
                "Mean probability": "–" if each.probability is None else f"{each.probability:.3f}",
                "Share with a tumour": each.observed.text(2),
            }
            for each in found.bins
        ]
    )


def show_decisions(choice: Choice, found: StoredResults) -> None:
    """Whether acting on a model is better than acting on everybody or on nobody."""
    curves = {result.name: worked_out.shapes(found, result).decisions for result in choice.everything}
    curve_charts.decision_curve(
        curves,
        key="metrics_decisions",
        told="Net benefit of acting on a model, in true alarms a patient, when (1 - t) / t false alarms are "
        "taken for a true one (Vickers and Elkin 2006). A model is of use where its line lies above both "
        "'act on everybody' and 'act on nobody'. It holds at the share of tumours among these scans, far above "
        f"that of a screening population: the Thresholds page has the figures at any prevalence. {POINTWISE}",
    )
