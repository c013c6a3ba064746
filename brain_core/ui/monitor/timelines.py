"""Charts over time: bars of counts, lines of shares and seconds, in the colours and the frame of all charts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from brain_core.intervals import Estimate
from brain_core.palette import BLUISH_GREEN, MODEL_COLORS, NEUTRAL, ORANGE, SKY_BLUE
from brain_core.ui import stored
from brain_core.ui.charts import frame, show

HEIGHT = 320  # pixels
PATTERNS = ("", "/", ".", "x")
COLORS = (SKY_BLUE, ORANGE, BLUISH_GREEN, NEUTRAL)
DASHES = ("solid", "dash", "dot", "dashdot")


def counts(
    starts: np.ndarray, series: dict[str, Sequence[int]], title: str, y: str, x: str, key: str, told: str
) -> None:
    """Stacked bars, one a name and step."""
    figure = frame(title, x, y, height=HEIGHT)
    for position, (name, values) in enumerate(series.items()):
        marker = {"color": COLORS[position], "pattern": {"shape": PATTERNS[position]}}
        figure.add_trace(go.Bar(x=starts.astype(str), y=list(values), name=name, marker=marker))
    figure.update_layout(barmode="stack")
    _dates(figure)
    show(figure, key, told)


def estimates(
    starts: np.ndarray, series: dict[str, Sequence[Estimate]], title: str, y: str, x: str, key: str, told: str
) -> None:
    """Lines of figures with their intervals; a step without a figure leaves a gap.

    Args:
        series: by name; a model's has its colour.
    """
    figure = frame(title, x, y, height=HEIGHT)
    for position, (name, found) in enumerate(series.items()):
        values = [each.value for each in found]
        bounds = [(each.low, each.high) if each.low is not None else (each.value, each.value) for each in found]
        error = {
            "type": "data",
            "symmetric": False,
            "thickness": 1,
            "array": [0 if v is None else high - v for v, (_, high) in zip(values, bounds, strict=True)],
            "arrayminus": [0 if v is None else v - low for v, (low, _) in zip(values, bounds, strict=True)],
        }
        figure.add_trace(_line(starts, values, name, position, error))
    _dates(figure)
    figure.update_yaxes(rangemode="tozero")
    show(figure, key, told)


def lines(
    starts: np.ndarray, series: dict[str, Sequence[float | None]], title: str, y: str, x: str, key: str, told: str
) -> None:
    """Lines; the name of a model, with words after it, gives the colour."""
    figure = frame(title, x, y, height=HEIGHT)
    for position, (name, values) in enumerate(series.items()):
        figure.add_trace(_line(starts, values, name, position, None))
    _dates(figure)
    figure.update_yaxes(rangemode="tozero")
    show(figure, key, told)


def _line(starts: np.ndarray, values: Sequence, name: str, position: int, error: dict | None) -> go.Scatter:
    model = name.split(",")[0]
    return go.Scatter(
        x=starts.astype(str),
        y=list(values),
        name=", ".join([stored.title(model), *name.split(",")[1:]]),
        mode="markers+lines",
        connectgaps=False,
        line={"color": MODEL_COLORS.get(model, COLORS[position % len(COLORS)]), "dash": DASHES[position % len(DASHES)]},
        error_y=error,
    )


def _dates(figure: go.Figure) -> None:
    figure.update_xaxes(type="date")
