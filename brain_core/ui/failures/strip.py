"""Every stored probability as a mark, a row a class, with two thresholds."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from brain_core.datasets.index import CLASS_NAMES
from brain_core.evaluation.stored_results import StoredResult
from brain_core.palette import NEUTRAL
from brain_core.ui import charts, stored
from brain_core.ui.theme import LABEL_COLORS, LABEL_WORDS

SPREAD = 0.28  # of the distance between rows, so that equal probabilities stand apart
SYMBOLS = {"tumor": "triangle-up", "no tumor": "circle"}


def show(result: StoredResult, thresholds: tuple[float, float], key: str, told: str) -> None:
    """The chart; of several repeats their means."""
    known = ~np.isnan(result.probabilities).all(axis=0)
    means = np.nanmean(result.probabilities[:, known], axis=0)
    labels = result.labels[known]
    figure = charts.frame(
        f"{stored.title(result.name)}: {stored.described(result)}",
        "probability of a tumour",
        "reference standard",
        height=320,
    )
    rng = np.random.default_rng(0)
    for row, label in CLASS_NAMES.items():
        values = means[labels == row]
        figure.add_trace(
            go.Scatter(
                x=values,
                y=row + rng.uniform(-SPREAD, SPREAD, len(values)),
                mode="markers",
                name=LABEL_WORDS[label],
                marker={"color": LABEL_COLORS[label], "symbol": SYMBOLS[label], "size": 9, "opacity": 0.8},
                hovertemplate="%{x:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    for threshold, dash in zip(thresholds, ("dash", "solid"), strict=True):
        figure.add_vline(x=threshold, line={"color": NEUTRAL, "width": 2, "dash": dash})
    figure.update_xaxes(range=[-0.02, 1.02])
    ticks = {row: LABEL_WORDS[label] for row, label in CLASS_NAMES.items()}
    figure.update_yaxes(tickvals=list(ticks), ticktext=list(ticks.values()), range=[-0.6, 1.6], showgrid=False)
    figure.update_layout(showlegend=False)
    charts.show(figure, key, told)
