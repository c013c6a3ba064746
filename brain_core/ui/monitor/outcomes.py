"""What the models were worth on confirmed cases: by version and month, calibration, tumours that were missed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from brain_core.intervals import Estimate
from brain_core.monitoring.outcomes import Confirmed, Outcome, confirmed, outcomes, verdicts
from brain_core.reliability import reliability
from brain_core.ui import curve_charts, notice, stored
from brain_core.ui.markup import esc
from brain_core.ui.monitor import data, timelines
from brain_core.ui.monitor.choice import Choice

BIAS = (
    "Only confirmed cases count here, and readers confirm what they find interesting: a tumour that nobody suspected "
    "is seldom confirmed. Sensitivity therefore looks better and specificity worse than they are (verification bias); "
    "and who confirms has seen what the models say (incorporation bias)."
)
KEY_DIGITS = 12  # of a case's key


def show(choice: Choice) -> None:
    """Of cases that were confirmed in the chosen period, whenever they were assessed."""
    found = verdicts(choice.period.feedback)
    cases = confirmed(choice.confirmable, found)
    notice.show("warning", BIAS)
    if not cases:
        st.caption(f"No case {choice.words} is confirmed by biopsy, follow-up or a second reader.{_others(found)}")
        return
    judged = data.outcomes_of(choice.days, choice.model, choice.version, cases)
    st.dataframe(
        pd.DataFrame([_row(each) for each in judged]), hide_index=True, width="stretch", key="monitor_outcomes"
    )
    st.caption(
        "Confirmed by biopsy, follow-up or a second reader in the chosen period; of each case the version's latest "
        f"prediction. Intervals are 95 %: Wilson's, of the last three by bootstrap over cases.{_others(found)}"
    )
    monthly = outcomes(cases, by_month=True, bootstrap=False)
    _by_month(monthly)
    for column, each in zip(st.columns(max(2, len(judged))), judged, strict=False):
        with column:
            _calibration(each, [case for case in cases if (case.model, case.version) == (each.model, each.version)])
    _missed(cases)


def _others(found: dict) -> str:
    counts = {
        "in disagreement": sum(each.finding == "disagreement" for each in found.values()),
        "unsure": sum(each.finding == "unsure" for each in found.values()),
        "by the reader's own read alone": sum(
            each.finding in ("tumor", "no tumor") and not each.confirmed for each in found.values()
        ),
    }
    told = [f"{n} {words}" for words, n in counts.items() if n]
    return f" Not counted: {', '.join(told)}." if told else ""


def _row(found: Outcome) -> dict:
    return {
        "Model": stored.title(found.model),
        "Version": found.version,
        **({"Month": found.month} if found.month else {}),
        "n": found.n,
        "Tumours": found.tp + found.fn,
        "Missed": found.fn,
        "False alarms": found.fp,
        "Not assessed": found.not_assessed,
        "Sensitivity": found.sensitivity.text(),
        "Specificity": found.specificity.text(),
        **({} if found.month else {"ROC-AUC": found.roc_auc.text()}),
        "Brier score": _plain(found.brier) if found.month else found.brier.text(),
        "ECE": _plain(found.ece) if found.month else found.ece.text(),
    }


def _plain(estimate: Estimate) -> str:
    return estimate.text() if estimate.value is None else f"{estimate.value:.3f}"


def _by_month(found: Sequence[Outcome]) -> None:
    months = sorted({each.month for each in found})
    streams = list(dict.fromkeys((each.model, each.version) for each in found))
    of = {(each.model, each.version, each.month): each for each in found}
    several = len({model for model, _ in streams}) < len(streams)
    starts = np.array(months, "datetime64[M]").astype("datetime64[D]")
    columns = st.columns(2)
    for column, name in zip(columns, ("sensitivity", "specificity"), strict=True):
        series = {
            model + (f",{version}" if several else ""): [
                getattr(of[model, version, month], name) if (model, version, month) in of else Estimate(None)
                for month in months
            ]
            for model, version in streams
        }
        with column:
            timelines.estimates(
                starts,
                series,
                f"{name.capitalize()} by month, n = {sum(each.n for each in found)} predictions",
                name,
                "month of the prediction (UTC)",
                f"monitor_{name}",
                f"{name.capitalize()} at the threshold in use at the time, with 95 % intervals (Wilson).",
            )
    st.dataframe(pd.DataFrame([_row(each) for each in found]), hide_index=True, width="stretch", key="monitor_months")


def _calibration(found: Outcome, cases: list[Confirmed]) -> None:
    cases = [case for case in cases if case.probability is not None]
    if not cases:
        return
    positive, p = [case.positive for case in cases], [case.probability for case in cases]
    told = f"ECE {found.ece.text()}, Brier score {found.brier.text()}. Below the line probabilities are too high."
    title = f"{stored.title(found.model)} {found.version}"
    key = f"monitor_calibration_{found.model}_{found.version}"
    curve_charts.calibration(reliability(positive, p), found.model, title, key, told)


def _missed(cases: Sequence[Confirmed]) -> None:
    missed = [case for case in reversed(cases) if case.missed]
    st.html(f'<div class="brain-name" role="heading" aria-level="2">{esc("Missed tumours")}</div>')
    if not missed:
        st.caption("None of the confirmed tumours was missed.")
        return
    rows = [
        {
            "Assessed": case.at,
            "Case": case.case[:KEY_DIGITS],
            "Model": stored.title(case.model),
            "Version": case.version,
            "Probability": case.probability,
            "Threshold": case.threshold,
            "Confirmed by": case.basis,
        }
        for case in missed
    ]
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Probability", "Threshold")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="monitor_missed", column_config=numbers)
    tumours = len({case.case for case in cases if case.positive})
    st.caption(
        f"n = {len(missed)} predictions below the threshold, of {tumours} confirmed tumours; the latest first. The "
        "case's key is a keyed hash, as in the store."
    )
