"""What was measured on, the headline figures of each model, and the table of all of them beside the baselines."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.evaluation.stored_results import CROSS_VALIDATION, StoredResult, StoredResults
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.ui import charts, stored
from brain_core.ui.markup import esc
from brain_core.ui.metrics import worked_out
from brain_core.ui.metrics.choice import DEFAULT, Choice

ECE_INTERVAL = "The noise of each draw adds to the ECE, so that its interval lies high and may leave the value out."
HEADLINES = {"ROC-AUC": "roc_auc", "Sensitivity": "recall", "Specificity": "specificity", "ECE": "ece"}
FIGURES = {
    "ROC-AUC": "roc_auc",
    "PR-AUC (average precision)": "pr_auc",
    "Accuracy": "accuracy",
    "Balanced accuracy": "balanced_accuracy",
    "Sensitivity (recall)": "recall",
    "Specificity": "specificity",
    "Precision, at this class balance": "precision",
    "F1, at this class balance": "f1",
    "Sensitivity at specificity 0.85": "sensitivity_at_85",
    "Brier score": "brier",
    "ECE (expected calibration error)": "ece",
}
ROW_HEIGHT = 35  # pixels, Streamlit's
MODEL_COLUMNS = 3  # in a row of cards


def show(choice: Choice, found: StoredResults) -> None:
    """Cards, the table, and the confusion matrices."""
    everything = {result.name: worked_out.figures(found, result, choice.at) for result in choice.everything}
    for start in range(0, len(choice.results), MODEL_COLUMNS):
        for column, result in zip(
            st.columns(MODEL_COLUMNS), choice.results[start : start + MODEL_COLUMNS], strict=False
        ):
            with column.container(border=True):
                _card(result, everything[result.name])
    _table(choice, everything)
    _confusions(choice)


def _card(result: StoredResult, figures: Metrics) -> None:
    st.html(f'<div class="brain-name" role="heading" aria-level="2">{esc(stored.title(result.name))}</div>')
    share = figures.positives / figures.n if figures.n else 0.0
    st.html(
        f'<div class="brain-quiet">{esc(version(result))}<br>n = {figures.n} scans, {figures.groups} distinct; '
        f"{figures.positives} with a tumour ({share:.0%})</div>"
    )
    columns = st.columns(2)
    for position, (title, name) in enumerate(HEADLINES.items()):
        with columns[position % 2]:
            estimate = figures.shown(name)
            number = "–" if estimate.value is None else f"{estimate.value:.3f}"
            st.metric(title, number, help=ECE_INTERVAL if name == "ece" else None)
            st.caption(_interval(estimate))


def _interval(estimate: Estimate) -> str:
    """Or why there is none."""
    if estimate.value is None:
        return estimate.text()
    if estimate.low is None:
        return f"interval not computed: {estimate.reason}" if estimate.reason else "interval not computed"
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


def version(result: StoredResult) -> str:
    """Which version it is, or when it was trained in every fold, and how often."""
    if result.split != CROSS_VALIDATION:
        return f"version {result.version}"
    repeats = len(result.probabilities)
    return f"measured {result.version} in {repeats} repeat{'s' if repeats > 1 else ''} of the folds"


def _table(choice: Choice, everything: dict[str, Metrics]) -> None:
    columns = {}
    for name, figures in everything.items():
        column = {"n (distinct)": f"{figures.n} ({figures.groups})", "with a tumour": str(figures.positives)}
        column["Threshold"] = f"{figures.threshold:.3f}"
        column |= {title: figures.shown(key).text() for title, key in FIGURES.items()}
        columns[stored.title(name)] = column
    st.dataframe(
        pd.DataFrame(columns),
        width="stretch",
        height=(len(FIGURES) + 4) * ROW_HEIGHT + 3,
        key="metrics_table",
        column_config={title: st.column_config.TextColumn(width=185) for title in columns},
    )
    st.caption(_about(choice))


def _about(choice: Choice) -> str:
    told = f"95 % intervals by bootstrap over near-duplicate groups. {ECE_INTERVAL} "
    if choice.split == CROSS_VALIDATION:
        told += "Each figure is the mean over the repeats, of one scan a group. "
        told += "" if choice.at == DEFAULT else "Thresholds are those of the folds, so that their mean is shown. "
        return told + "Metadata, thumbnail and majority class are shortcuts: what can be had without reading the scan."
    return told + "The shortcut baselines are measured by cross-validation."


def _confusions(choice: Choice) -> None:
    for start in range(0, len(choice.results), MODEL_COLUMNS):
        shown = choice.results[start : start + MODEL_COLUMNS]
        for column, result in zip(st.columns(MODEL_COLUMNS), shown, strict=False):
            with column:
                one = worked_out.counted(result)
                charts.confusion(
                    worked_out.confusion(one, choice.at),
                    f"{stored.title(result.name)}, {stored.described(one)}",
                    key=f"metrics_confusion_{result.name}",
                )
