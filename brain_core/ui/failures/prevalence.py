"""The same model in another clinic: predictive values at three prevalences."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.access import Action
from brain_core.prevalence import PATIENTS
from brain_core.teaching import case_stored
from brain_core.ui import links, stored
from brain_core.ui.failures import thresholds
from brain_core.ui.failures.material import Material

KEY = "failures_prevalence_model"


def show(found: Material) -> None:
    """Sensitivity and specificity at the operating point in use."""
    result = thresholds.choose_model(found, KEY)
    if result is None:
        return
    point = stored.operating_curve(found.found, result).at(_threshold(found, result.name))
    for column, (title, estimate) in zip(
        st.columns(3), (("Sensitivity", point.sensitivity), ("Specificity", point.specificity)), strict=False
    ):
        with column:
            st.metric(title, "–" if estimate.value is None else f"{estimate.value:.3f}")
            st.caption(estimate.text())
    st.caption(
        f"{stored.title(result.name)}, {stored.described(result)}, at the threshold {point.threshold:.3f} in use. "
        f"Of these scans {result.labels.mean():.0%} show a tumour."
    )


def answer(found: Material) -> None:
    """PPV, NPV and people in a thousand."""
    name = st.session_state.get(KEY)
    result = next((each for each in found.results if each.name == name), None)
    if result is None:
        return
    curve = stored.operating_curve(found.found, result)
    rows = [
        {
            "With a tumour": f"{each.prevalence:.0%}",
            "PPV: alarms that are right": each.ppv.text(),
            "NPV: clearances that are right": each.npv.text(),
            f"True alarms in {PATIENTS:,}": each.true_alarms.text(0),
            f"False alarms in {PATIENTS:,}": each.false_alarms.text(0),
            f"Misses in {PATIENTS:,}": each.misses.text(1),
        }
        for each in case_stored.at_prevalences(curve, _threshold(found, result.name))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_prevalences")
    st.caption(
        f"{stored.title(result.name)}: by Bayes' theorem from the sensitivity and specificity above, with 95 % "
        "intervals that carry the scans' uncertainty."
    )
    links.to("3_Thresholds", "Try other prevalences in Thresholds", "tune", Action.SEE_METRICS)


def _threshold(found: Material, name: str) -> float:
    return next(model.card.operating_point.threshold for model in found.loading if model.name == name)
