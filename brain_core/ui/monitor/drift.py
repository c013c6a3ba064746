"""Drift of scores and inputs: a table a version, and the two distributions of one measure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from brain_core.monitoring.alerts import State, state_of, why_too_few
from brain_core.monitoring.drift import shares
from brain_core.monitoring.references import MEASURES, NO_MEASURE, SCORE
from brain_core.monitoring.shifts import MeasuredShift, current_of, shifts
from brain_core.palette import NEUTRAL, ORANGE
from brain_core.settings import settings
from brain_core.ui import address, charts, notice, stored
from brain_core.ui.markup import esc
from brain_core.ui.monitor import data
from brain_core.ui.monitor.choice import Choice
from brain_core.ui.monitor.words import MEASURE_WORDS, UNITS

HEIGHT = 320  # pixels
REFERENCE = {SCORE: "held-out scans", "unlikeness": "held-out scans"}


def show(choice: Choice) -> None:
    """Of every version in use."""
    streams = choice.rows.streams()
    if not streams:
        notice.show("info", f"No prediction {choice.words}.")
        return
    measure = _measure()
    for model, version in streams:
        title = esc(f"{stored.title(model)}, version {version}")
        st.html(f'<div class="brain-name" role="heading" aria-level="2">{title}</div>')
        rows = choice.rows.of_stream(model, version)
        found = shifts(rows, data.references_of(model, version))
        _table(found, f"monitor_drift_{model}_{version}")
        _chart(model, version, measure, rows, next(each for each in found if each.measure == measure))
    _about()


def _measure() -> str:
    chosen = st.selectbox(
        "Chart of",
        MEASURES,
        MEASURES.index(address.choice("measure", MEASURES, SCORE)),
        format_func=lambda name: MEASURE_WORDS[name].capitalize(),
        key="monitor_measure",
        width=320,
    )
    address.keep("measure", chosen, SCORE)
    return chosen


def _table(found: tuple[MeasuredShift, ...], key: str) -> None:
    rows = [_row(each) for each in found if each.reason != NO_MEASURE]
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("PSI", "Without a shift", "KS distance")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key=key, column_config=numbers)


def _row(found: MeasuredShift) -> dict:
    compared, psi = found.shift, found.shift.psi
    return {
        "Measure": MEASURE_WORDS[found.measure].capitalize(),
        "n": compared.n,
        "Reference n": compared.reference_n,
        "Median": _number(compared.median),
        "Reference median": _number(compared.reference_median),
        "PSI": psi.value if psi else None,
        "Without a shift": psi.expected if psi else None,
        "KS distance": compared.distance,
        "p": "" if compared.p is None else "< 0.001" if compared.p < 0.001 else f"{compared.p:.3f}",
        "In words": _in_words(found),
    }


def _in_words(found: MeasuredShift) -> str:
    limits, psi = settings().monitor, found.shift.psi
    if found.reason:
        return found.reason
    left_out = f"; {found.left_out} series left out" if found.left_out else ""
    state = state_of(found, limits)
    if state == State.TOO_FEW:
        return f"too few to tell{why_too_few(found, limits)}{left_out}"
    if state == State.OFF:
        return f"not above the limit of {limits.max_psi:g}{left_out}"
    return f"shifted: above the limit of {limits.max_psi:g}, and of {psi.chance:.3f} that chance may reach{left_out}"


def _chart(model: str, version: str, measure: str, rows, found: MeasuredShift) -> None:
    if found.shift.psi is None:
        st.caption(f"{MEASURE_WORDS[measure].capitalize()}: nothing to draw: {found.reason}.")
        return
    edges, reference, current = shares(data.references_of(model, version).values[measure], current_of(rows, measure))
    names = _bins(edges)
    title = f"{stored.title(model)}: {MEASURE_WORDS[measure]}, n = {found.shift.n} against {found.shift.reference_n}"
    figure = charts.frame(title, UNITS[measure], "share of the cases", height=HEIGHT)
    of = REFERENCE.get(measure, "training scans")
    for name, values, color, pattern in ((of, reference, NEUTRAL, "/"), ("now", current, ORANGE, "")):
        marker = {"color": color, "pattern": {"shape": pattern}}
        figure.add_trace(go.Bar(x=names, y=values, name=name, marker=marker))
    figure.update_xaxes(type="category")
    widest = int(np.argmax(np.abs(current - reference)))
    told = (
        f"Bins are deciles of the {of}; a value that takes two or more is a bin of its own. The largest difference is "
        f"in '{names[widest]}': {current[widest]:.0%} of the cases now, {reference[widest]:.0%} of the {of}."
    )
    charts.show(figure, f"monitor_drift_chart_{model}_{version}", told)


def _bins(edges: np.ndarray) -> list[str]:
    texts = _told_apart(edges)
    names = [f"to {texts[0]}"]
    for position in range(1, len(edges)):
        single = np.nextafter(edges[position], -np.inf) == edges[position - 1]
        names.append(f"{texts[position]}" if single else f"{texts[position - 1]} to {texts[position]}")
    if len(edges) > 1 and texts[0] == texts[1]:
        names[0] = f"below {texts[0]}"
    return [*names, f"above {texts[-1]}"]


def _told_apart(edges: np.ndarray) -> list[str]:
    """In as few digits as they need; ends of a bin of one value are alike all the same."""
    different = len(np.unique(np.round(edges, 9)))
    for digits in (3, 4, 5, 6, 7):
        texts = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(texts)) == different:
            break
    return texts


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _about() -> None:
    st.caption(
        "Scores are compared with the model's predictions on its held-out scans (validation and internal testing), "
        "one a near-duplicate group, and not with those on its training scans, of which a model is surer than of any "
        "other. They shift with the share of tumours too: a shift is a reason to look, not a verdict. Inputs are "
        "compared with the training scans, one a group. One value a case, since slices of a series depend on each "
        "other: inputs of a series are the median of its slices; its score is left out, as no held-out one is a series."
    )
    st.caption(
        "PSI: population stability index over deciles of the reference. It is never 0: 'without a shift' is what to "
        "expect then, (bins - 1) (1/n + 1/reference n), and with few cases it is large. KS: Kolmogorov and Smirnov's "
        "test; with many cases small shifts have a small p too, so look at the distance."
    )
