"""One model, two thresholds: who is missed and who is alarmed."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.evaluation.stored_results import StoredResult
from brain_core.operating import Point
from brain_core.ui import stored
from brain_core.ui.failures import strip
from brain_core.ui.failures.material import NOTHING, Material

START = (0.3, 0.8)
FIGURES = {"Sensitivity": "sensitivity", "Specificity": "specificity", "PPV, of these scans": "precision"}


def show(found: Material) -> None:
    """The stored probabilities with two thresholds to move."""
    result = choose_model(found, "failures_thresholds_model")
    if result is None:
        return
    low, high = st.slider("Two thresholds", 0.0, 1.0, START, 0.01, key="failures_thresholds")
    points = [stored.operating_curve(found.found, result).at(threshold) for threshold in (low, high)]
    strip.show(result, (low, high), "failures_strip", " ".join(map(_told, points)))


def answer(found: Material) -> None:
    """Both thresholds in figures."""
    result = _of(found, "failures_thresholds_model")
    if result is None:
        return
    curve = stored.operating_curve(found.found, result)
    rows = {f"threshold {t:.2f}": _column(curve.at(t)) for t in st.session_state.get("failures_thresholds", START)}
    st.dataframe(pd.DataFrame(rows), width="stretch", key="failures_two")
    st.caption(f"{stored.title(result.name)}, {stored.described(result)}; 95 % intervals.")


def choose_model(found: Material, key: str) -> StoredResult | None:
    """One of the models that have stored results; None, and why, where none has."""
    if not found.results:
        st.caption(NOTHING)
        return None
    names = [result.name for result in found.results]
    st.segmented_control("Model", names, default=names[0], format_func=stored.title, key=key, required=True)
    return _of(found, key)


def _of(found: Material, key: str) -> StoredResult | None:
    name = st.session_state.get(key)
    return next((result for result in found.results if result.name == name), None)


def _column(point: Point) -> dict[str, str]:
    counts = {
        "Tumours found": f"{point.tp:.3g} of {point.tp + point.fn:.3g}",
        "Tumours missed": f"{point.fn:.3g}",
        "False alarms": f"{point.fp:.3g} of {point.fp + point.tn:.3g}",
    }
    return counts | {title: getattr(point, name).text(2) for title, name in FIGURES.items()}


def _told(point: Point) -> str:
    return (
        f"At {point.threshold:.2f}, {point.fn:.3g} of {point.tp + point.fn:.3g} tumours are missed and {point.fp:.3g} "
        f"of {point.fp + point.tn:.3g} scans without one alarm."
    )
