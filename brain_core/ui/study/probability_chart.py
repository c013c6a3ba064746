"""The probability along the slices: a line a model, its operating point, what does not count, the current slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from brain_core.palette import MODEL_COLORS, NEUTRAL
from brain_core.ui.charts import CONFIG, frame, text_color
from brain_core.ui.study import memory

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.scans.series import Series
    from brain_core.study.result import SeriesResult, Summary

HEIGHT = 340  # pixels
DIRECTIONS = {"axial": "feet to head", "coronal": "back to front", "sagittal": "right to left"}
SYMBOLS = {"custom_cnn": "circle", "resnet50": "diamond"}
FEW = 60  # slices, up to which every point has its mark
BAND = 0.14  # opacity


def show(found: SeriesResult, titles: dict[str, str], current: int, complete: bool = True) -> None:
    """The chart with its text alternative; a click on a slice opens it.

    Args:
        titles: by model.
        current: index of the slice that is open.
        complete: False while there is no answer whose slices could be marked.
    """
    series, kept = found.series, memory.current()
    key = f"study_chart_{series.key[:12]}_{kept.clicks.get(series.key, 0)}"
    told = alternative(found, titles, complete)
    st.plotly_chart(
        figure(found, titles, current, text_color(), complete),
        key=key,
        config=CONFIG,
        width="stretch",
        on_select=_clicked(series, key),
        selection_mode="points",
        alt=told,
    )
    st.caption(told)


def figure(found: SeriesResult, titles: dict[str, str], current: int, ink: str, complete: bool = True) -> go.Figure:
    """The chart; ``ink`` is the colour of the current slice's mark."""
    series = found.series
    direction = DIRECTIONS.get(series.plane)
    scored = sum(any(column[i] is not None for column in found.predictions.values()) for i in range(len(series)))
    chart = frame(
        f"Probability along the slices, n = {scored}",
        f"slice, {direction}" if direction else "slice",
        "probability of a tumour",
        height=HEIGHT,
    )
    for summary in found.summaries:
        _model(chart, found, summary, titles[summary.model])
        if complete and summary.slices:
            low, high = summary.slices[0] + 0.5, summary.slices[-1] + 1.5
            color = MODEL_COLORS.get(summary.model, NEUTRAL)
            chart.add_vrect(x0=low, x1=high, fillcolor=color, opacity=BAND, line_width=0, layer="below")
    chart.add_vline(x=current + 1, line={"color": ink, "width": 1.5})
    chart.add_annotation(
        x=current + 1, y=1.0, yref="paper", yanchor="bottom", text=f"slice {current + 1}", showarrow=False
    )
    chart.update_xaxes(range=[0.5, len(series) + 0.5], tickformat="d")
    chart.update_yaxes(range=[-0.03, 1.03])
    chart.update_layout(hovermode="x", clickmode="event+select", margin={"t": 56, "b": 80})
    return chart


def alternative(found: SeriesResult, titles: dict[str, str], complete: bool = True) -> str:
    """What the chart shows, in words."""
    sentences = []
    for summary in found.summaries:
        counted = _counted(found, summary.model)
        if not counted:
            sentences.append(f"{titles[summary.model]}: no slice assessed.")
            continue
        top = max(counted, key=lambda i: counted[i].probability)
        above = sum(each.probability >= summary.operating_point.threshold for each in counted.values())
        sentences.append(
            f"{titles[summary.model]}: highest {counted[top].probability:.3f} on slice {top + 1}; {above} of "
            f"{len(counted)} slices reach the operating point of {summary.operating_point.threshold:.3f} (dashed)."
        )
    if complete and any(summary.slices for summary in found.summaries):
        sentences.append("Shaded: the slices that the answer was made of.")
    if found.flagged:
        sentences.append(f"Open marks: {len(found.flagged)} slices flat or unlike the training data, not counted.")
    if found.errors:
        sentences.append(f"Gaps: {len(found.errors)} slices that could not be read.")
    return " ".join(sentences)


def _counted(found: SeriesResult, model: str) -> dict[int, Prediction]:
    """By index, what counts in the answer."""
    column = enumerate(found.predictions[model])
    return {i: p for i, p in column if p is not None and i not in found.flagged}


def _model(chart: go.Figure, found: SeriesResult, summary: Summary, title: str) -> None:
    color, symbol = MODEL_COLORS.get(summary.model, NEUTRAL), SYMBOLS.get(summary.model, "square")
    counted, column = _counted(found, summary.model), found.predictions[summary.model]
    n = len(found.series)
    common = {
        "x": list(range(1, n + 1)),
        "text": [_place(found.series, i) for i in range(n)],
        "unselected": {"marker": {"opacity": 1}},
        "legendgroup": summary.model,
    }
    chart.add_trace(
        go.Scatter(
            **common,
            y=[counted[i].probability if i in counted else None for i in range(n)],
            mode="lines+markers",
            name=title,
            line={"color": color, "width": 2},
            marker={"symbol": symbol, "size": 7 if n <= FEW else 4, "color": color},
            hovertemplate="%{text}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    )
    if found.flagged:
        chart.add_trace(
            go.Scatter(
                **common,
                y=[p.probability if p is not None and i in found.flagged else None for i, p in enumerate(column)],
                mode="markers",
                name=f"{title}, not counted",
                marker={"symbol": f"{symbol}-open", "size": 8 if n <= FEW else 5, "color": color},
                hovertemplate="%{text}: %{y:.3f}, flat or unlike the training data<extra>%{fullData.name}</extra>",
            )
        )
    threshold = summary.operating_point.threshold
    chart.add_hline(y=threshold, line={"color": color, "width": 1.5, "dash": "dash"})


def _place(series: Series, index: int) -> str:
    position = series.slices[index].position
    return f"slice {index + 1}" if position is None else f"slice {index + 1}, at {position:.1f} mm"


def _clicked(series: Series, key: str) -> Callable[[], None]:
    def open_slice() -> None:
        points = st.session_state[key].selection.points
        if points:
            kept = memory.current()
            kept.go(series, round(points[0]["x"]) - 1)
            kept.clicks[series.key] = kept.clicks.get(series.key, 0) + 1  # a new chart, on which nothing is selected

    return open_slice
