"""One model's threshold: a slider, what it means on the stored splits and for patients, and the named points."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import thresholds
from brain_core.evaluation.stored_results import (
    CROSS_VALIDATION,
    TEST,
    VALIDATION,
    NotStored,
    StoredResult,
    StoredResults,
)
from brain_core.operating import OperatingCurve, Point
from brain_core.registry import ModelCard
from brain_core.ui import address, charts, implications, saved_points, stored
from brain_core.ui.assumptions import Assumptions

STEP = 0.001
ROW_HEIGHT = 35  # pixels, Streamlit's
COLUMN_WIDTH = 178  # pixels; a figure with its interval
ORDER = (VALIDATION, TEST, CROSS_VALIDATION)
RATES = {
    "Sensitivity": "sensitivity",
    "Specificity": "specificity",
    "Balanced accuracy": "balanced_accuracy",
    "Accuracy": "accuracy",
    "F1, of these scans": "f1",
    "Likelihood ratio of a positive result": "lr_positive",
    "Likelihood ratio of a negative result": "lr_negative",
}
PATIENTS = {
    "PPV": ("ppv", 3),
    "NPV": ("npv", 4),
    "Alarms in 1,000 patients": ("alarms", 1),
    "of them false": ("false_alarms", 1),
    "Misses in 1,000 patients": ("misses", 2),
}


@st.fragment
def show(card: ModelCard, found: StoredResults, assumed: Assumptions) -> None:
    """Everything in here follows the slider without a run of the page; no model is loaded."""
    st.subheader(f"{card.title}, version {card.version}", anchor=False)
    results = [found.get(card.name, split) for split in ORDER]
    curves = {r.split: stored.operating_curve(found, r) for r in results if isinstance(r, StoredResult)}
    if not curves:
        st.caption(f"No predictions are stored: {results[0].reason}.")
        return
    points = named_points(found.get(card.name, VALIDATION), curves.get(VALIDATION), assumed)
    _named_buttons(card, points)
    threshold = _slider(card)
    at = {split: curve.at(threshold) for split, curve in curves.items()}
    shown = TEST if TEST in at else next(iter(at))
    left, right = st.columns([1, 2], gap="large")
    with left:
        charts.confusion(at[shown], stored.described(found.get(card.name, shown)), key=f"thresholds_{card.name}")
        implications.show(at[shown], assumed.prevalence, stored.SPLIT_WORDS[shown])
    with right:
        figures = _figures(at, assumed, found, card)
        height = (len(figures) + 1) * ROW_HEIGHT + 3
        st.dataframe(
            figures,
            width="stretch",
            height=height,
            key=f"thresholds_{card.name}_figures",
            column_config={name: st.column_config.TextColumn(width=COLUMN_WIDTH) for name in figures},
        )
        for result in results:
            if not isinstance(result, StoredResult):
                st.caption(f"{stored.SPLIT_WORDS[result.split].capitalize()}: {result.reason}.")
        st.caption(
            "95 % intervals, Wilson's, for the distinct scans. PPV, NPV and patients follow from sensitivity and "
            f"specificity at a prevalence of {assumed.prevalence:.2%} (Bayes)."
        )
    with st.expander("Named operating points, each fitted on validation"):
        st.dataframe(_points_table(points, curves, assumed), hide_index=True, width="stretch")
    saved_points.show(card, threshold, _rule_of(threshold, points), found.get(card.name, VALIDATION))


def named_points(
    validation: StoredResult | NotStored, curve: OperatingCurve | None, assumed: Assumptions
) -> dict[str, float | str]:
    """By rule in words the threshold fitted on validation, or why there is none; ``curve`` is that of validation."""
    points: dict[str, float | str] = {"default": thresholds.DEFAULT}
    if curve is None:
        return points | {"fitted points": f"not computed: {validation.reason}"}
    if curve.flaw:
        return points | {"fitted points": f"not computed: {curve.flaw}"}
    rates = curve.rates
    return points | {
        "best balanced accuracy": rates.best_balanced_accuracy(),
        "Youden's index": rates.best_balanced_accuracy(),
        f"sensitivity at least {assumed.sensitivity:.3g}": rates.sensitivity_at_least(assumed.sensitivity),
        f"specificity at least {assumed.specificity:.3g}": rates.specificity_at_least(assumed.specificity),
        f"lowest cost, a miss = {assumed.cost_ratio:.3g} false alarms, prevalence {assumed.prevalence:.2%}": (
            rates.lowest_cost(assumed.cost_ratio, assumed.prevalence)
        ),
    }


def _named_buttons(card: ModelCard, points: dict[str, float | str]) -> None:
    with st.container(horizontal=True):
        everything = {"in use": card.operating_point.threshold, **points}
        for number, (rule, threshold) in enumerate(everything.items()):
            if isinstance(threshold, float):
                st.button(
                    rule[:1].upper() + rule[1:].split(",")[0],
                    key=f"thresholds_{card.name}_rule_{number}",
                    help=f"{rule}: {threshold:.3f}",
                    on_click=_set,
                    args=(card.name, threshold),
                )
            else:
                st.caption(f"{rule}: {threshold}")


def _slider(card: ModelCard) -> float:
    """The threshold; a fitted one keeps all its digits until the slider or the field is moved."""
    exact, slider, field = (f"thresholds_{card.name}_{kind}" for kind in ("exact", "slider", "field"))
    if exact not in st.session_state:
        own = card.operating_point.threshold
        _set(card.name, address.number(f"t_{card.name}", own, 0.0, 1.0))
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    left.slider("Threshold", 0.0, 1.0, step=STEP, format="%.3f", key=slider, on_change=_moved, args=(card.name, slider))
    right.number_input(
        "as a number",
        0.0,
        1.0,
        step=STEP,
        format="%.3f",
        key=field,
        on_change=_moved,
        args=(card.name, field),
    )
    threshold = st.session_state[exact]
    address.keep(f"t_{card.name}", threshold, card.operating_point.threshold)
    return threshold


def _moved(name: str, key: str) -> None:
    _set(name, st.session_state[key])


def _set(name: str, threshold: float) -> None:
    st.session_state[f"thresholds_{name}_exact"] = threshold
    for kind in ("slider", "field"):
        st.session_state[f"thresholds_{name}_{kind}"] = round(threshold / STEP) * STEP


def _rule_of(threshold: float, points: dict[str, float | str]) -> str | None:
    """The named point that the threshold is; None where it was chosen by hand."""
    return next((rule for rule, value in points.items() if value == threshold and rule != "default"), None)


def _figures(at: dict[str, Point], assumed: Assumptions, found: StoredResults, card: ModelCard) -> pd.DataFrame:
    columns = {}
    for split, point in at.items():
        patients = point.at_prevalence(assumed.prevalence)
        column = {"True alarms, false alarms": f"{_count(point.tp)}, {_count(point.fp)}"}
        column["Misses, rightly cleared"] = f"{_count(point.fn)}, {_count(point.tn)}"
        column |= {name: getattr(point, field).text(2 if "atio" in name else 3) for name, field in RATES.items()}
        column |= {name: getattr(patients, field).text(digits) for name, (field, digits) in PATIENTS.items()}
        column["Expected cost in 1,000 patients, in false alarms"] = (
            point.cost(assumed.cost_ratio, assumed.prevalence).scaled(1000).text(1)
        )
        result = found.get(card.name, split)
        columns[f"{stored.SPLIT_WORDS[split]}, n = {len(result.labels)}"] = column
    return pd.DataFrame(columns)


def _points_table(
    points: dict[str, float | str], curves: dict[str, OperatingCurve], assumed: Assumptions
) -> pd.DataFrame:
    rows = []
    for rule, threshold in points.items():
        row = {"Rule": rule, "Threshold": f"{threshold:.3f}" if isinstance(threshold, float) else threshold}
        for split in ORDER:
            if split in curves and isinstance(threshold, float):
                point = curves[split].at(threshold)
                for name in ("Sensitivity", "Specificity", "Balanced accuracy"):
                    row[f"{name}, {stored.SPLIT_WORDS[split]}"] = getattr(point, RATES[name]).text(2)
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _count(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"
