"""Charts, in one set of colours and with one frame; each has a title, axis names with units, and n."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from brain_core.metrics import Confusion
from brain_core.operating import Point
from brain_core.ui import theme

HEIGHT = 420  # pixels
CONFIG = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg"},
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}


def show(figure: go.Figure, key: str, told: str) -> None:
    """A chart with its text alternative below it."""
    st.plotly_chart(figure, key=key, config=CONFIG, width="stretch")
    st.caption(told)


def text_color() -> str:
    """Of words on a chart in the visitor's theme; Streamlit sets all but those inside marks."""
    return "#E4E7EB" if st.context.theme.type == "dark" else "#1B2229"


def frame(title: str, x: str, y: str, *, height: int = HEIGHT) -> go.Figure:
    """An empty chart."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 16}},
        xaxis_title=x,
        yaxis_title=y,
        height=height,
        margin={"l": 10, "r": 10, "t": 48, "b": 70},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
    )
    return figure


def confusion(point: Point | Confusion, split: str, key: str) -> None:
    """The confusion matrix at a threshold: reference standard in rows, model in columns."""
    tumour, other = point.tp + point.fn, point.fp + point.tn
    counts = [[point.tn, point.fp], [point.fn, point.tp]]
    shares = [[n / total if total else 0.0 for n in row] for row, total in zip(counts, (other, tumour), strict=True)]
    text = [
        [f"{n:.3g}<br>{share:.0%}" for n, share in zip(row, each, strict=True)]
        for row, each in zip(counts, shares, strict=True)
    ]
    names = [theme.LABEL_WORDS[label] for label in ("no tumor", "tumor")]
    figure = frame(f"Confusion matrix, n = {tumour + other:.3g}", "the model says", "reference standard", height=300)
    figure.add_trace(
        go.Heatmap(
            z=shares,
            x=names,
            y=names,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 16, "color": text_color()},
            colorscale=[[0, "rgba(86,180,233,0.05)"], [1, "rgba(86,180,233,0.5)"]],
            zmin=0,
            zmax=1,
            showscale=False,
            hovertemplate="reference standard: %{y}<br>the model says: %{x}<br>%{text}<extra></extra>",
        )
    )
    told = (
        f"{split[:1].upper()}{split[1:]}. Of {tumour:.3g} scans with a tumour {point.tp:.3g} are found and "
        f"{point.fn:.3g} missed; of {other:.3g} without {point.tn:.3g} are cleared and {point.fp:.3g} alarm. "
        "Percentages are of the row."
    )
    show(figure, key, told)
