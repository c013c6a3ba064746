"""What does the model need to see? A sweep over one property of the lesion, started, given up, drawn, taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import plotly.graph_objects as go
import streamlit as st

from brain_core.errors import BrainError
from brain_core.palette import MODEL_COLORS, NEUTRAL
from brain_core.teaching import sweep
from brain_core.teaching.changes import Changes, described
from brain_core.teaching.sweep import Sweep
from brain_core.ui import charts, notice
from brain_core.ui.curve_charts import DASHES
from brain_core.ui.models import Loading
from brain_core.ui.playground import state
from brain_core.ui.teaching import Chosen

RUNNING, FOUND, FAILED = "playground_sweeping", "playground_sweep", "playground_sweep_failed"
# Quantity -> word in a sentence, name of the axis.
QUANTITIES = {
    "radius": ("radius", "radius of the lesion, % of the picture's shorter side"),
    "contrast": ("contrast", "contrast of the lesion, % of the full grey range"),
    "softness": ("soft edge", "soft edge of the lesion, % of its radius"),
    "x": ("place from the left", "centre of the lesion, % of the picture's width from the left"),
    "y": ("place from the top", "centre of the lesion, % of the picture's height from the top"),
}


@dataclass(frozen=True, eq=False)
class Found:
    """A sweep of this session, with what it was made of."""

    scan: str  # sha256
    models: tuple  # name, version, checksum and threshold of each
    sweep: Sweep
    changes: Changes


def show(chosen: Chosen, ready: list[Loading]) -> None:
    """Inputs, then the curve; it is of the setting at the click, whatever is moved above later."""
    st.subheader("What does the model need to see?", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        quantity = st.selectbox(
            "Change the lesion's",
            list(QUANTITIES),
            format_func=lambda q: QUANTITIES[q][0],
            key="playground_quantity",
            width=240,
        )
        running = _button()
    if running:
        _run(chosen, ready, quantity)
    if failed := st.session_state.get(FAILED):
        notice.show("error", failed, title="The sweep was not made. ")
    found: Found | None = st.session_state.get(FOUND)
    if found is None or (found.scan, found.models) != (chosen.scan.sha256, _models(ready)):
        st.caption(
            f"Asks the models about {sweep.POINTS} lesions that differ in one property, with all else as set above, "
            "and draws the probability against it. A lesion that is not planted yet is taken from the sliders."
        )
        return
    _draw(found, {model.name: model.title for model in ready})


def _button() -> bool:
    """Start, or give up; returns whether the work is to be done in this run of the page."""
    running = st.session_state.pop(RUNNING, False)  # for this run alone: it does not begin again by itself
    run = "Run the sweep"
    st.button(run, key="playground_sweep_run", type="primary", disabled=running, on_click=_start)
    if running:
        st.button("Cancel", key="playground_sweep_cancel", icon=":material/close:")
    return running


def _models(ready: list[Loading]) -> tuple:
    """What a curve is of: another version, or another operating point, has another."""
    return tuple((*model.id, model.card.operating_point.threshold) for model in ready)


def _start() -> None:
    st.session_state[RUNNING] = True
    st.session_state[FAILED] = None


def _run(chosen: Chosen, ready: list[Loading], quantity: str) -> None:
    """A click on Cancel ends this run of the page at the next sign of its progress."""
    bar = st.progress(0.0, text="Asking the models …")
    changes = replace(state.changes(), blob=state.blob())
    try:
        found = sweep.run(
            chosen.scan,
            changes,
            quantity,
            sweep.values_of(quantity),
            {model.name: model.detector for model in ready},
            {model.name: model.card.operating_point.threshold for model in ready},
            lambda share: bar.progress(share, text=f"Asking the models … {share:.0%}"),
        )
    except BrainError as error:
        st.session_state[FAILED] = str(error)
    else:
        st.session_state[FOUND] = Found(chosen.scan.sha256, _models(ready), found, changes)
    st.rerun()


def _draw(found: Found, titles: dict[str, str]) -> None:
    swept = found.sweep
    word, axis = QUANTITIES[swept.quantity]
    figure = charts.frame(
        f"Probability against {word}, one scan, n = {len(swept.values)} lesions", axis, "probability of a tumour"
    )
    for name in swept.probabilities:
        _line(figure, swept, name, titles.get(name, name))
    figure.update_yaxes(range=[-0.02, 1.02])
    figure.update_layout(margin={"b": 110})
    charts.show(figure, "playground_sweep_chart", told(swept, titles))
    st.caption(_setting(found))
    st.download_button(
        "CSV",
        lambda: sweep.to_csv(swept, {name: version for name, version, *_ in found.models}),
        f"brain-sweep-{swept.quantity}.csv",
        "text/csv",
        key="playground_sweep_csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _line(figure: go.Figure, swept: Sweep, name: str, title: str) -> None:
    """The curve, with hollow marks where it is not classified, and the operating point."""
    color, threshold, percent = MODEL_COLORS.get(name, NEUTRAL), swept.thresholds[name], 100 * swept.values
    figure.add_trace(
        go.Scatter(
            x=percent,
            y=swept.probabilities[name],
            mode="lines+markers",
            name=title,
            line={"color": color, "dash": DASHES.get(name, "solid"), "width": 2.5},
            marker={"size": 7, "symbol": ["circle" if seen else "circle-open" for seen in swept.assessed]},
            hovertemplate="%{x:.3g} %: probability %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=percent[[0, -1]],
            y=[threshold, threshold],
            mode="lines",
            name=f"{title}, operating point {threshold:.2f}",
            line={"color": color, "dash": "dot", "width": 1.5},
            hoverinfo="skip",
        )
    )


def told(swept: Sweep, titles: dict[str, str]) -> str:
    """At which values each model calls a tumour, in plain sentences."""
    word = QUANTITIES[swept.quantity][0]
    sentences = []
    for name in swept.probabilities:
        runs, title = swept.runs(name), titles.get(name, name)
        if not runs:
            sentence = f"{title} calls a tumour at none of these values"
        elif swept.called(name).all():
            sentence = f"{title} calls a tumour at all of these values"
        else:
            spans = " and ".join(_span(first, last) for first, last in runs)
            sentence = f"{title} first calls a tumour at a {word} of {_percent(runs[0][0])}; in all at {spans}"
        sentences.append(sentence + ".")
    if unknown := int((~swept.assessed).sum()):
        sentences.append(f"Hollow marks: {unknown} of the pictures are unlike the training data and not classified.")
    return " ".join(sentences)


def _span(first: float, last: float) -> str:
    return _percent(first) if first == last else f"{_percent(first)} to {_percent(last)}"


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _setting(found: Found) -> str:
    """All that did not change along the curve."""
    blob, quantity = found.changes.blob, found.sweep.quantity
    fixed = [f"{QUANTITIES[name][0]} {_percent(getattr(blob, name))}" for name in QUANTITIES if name != quantity]
    others = described(replace(found.changes, blob=None))
    return " ".join([f"All else as set at the click: {', '.join(fixed)}.", *others])
