"""Who was right how often, with intervals, as a chart."""

from __future__ import annotations

import plotly.graph_objects as go

from brain_core.palette import BLUISH_GREEN, MODEL_COLORS, NEUTRAL
from brain_core.teaching.quiz_score import Score, ScoreCard
from brain_core.ui import charts, stored

HEIGHT = 300  # pixels
SYMBOLS = ("circle", "square", "diamond", "cross", "x")


def show(everyone: dict[str, Score], card: ScoreCard, key: str) -> None:
    """A point with its interval for each, by name on the screen."""
    colors = {stored.title(name): MODEL_COLORS.get(name, NEUTRAL) for name in card.models}
    figure = charts.frame(f"Right answers, n = {card.n} answered", "share right (accuracy)", "who", height=HEIGHT)
    shown = [(who, score) for who, score in everyone.items() if score.accuracy.value is not None]
    for (who, score), symbol in zip(shown, SYMBOLS, strict=False):
        share = score.accuracy
        figure.add_trace(
            go.Scatter(
                x=[share.value],
                y=[who],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [share.high - share.value],
                    "arrayminus": [share.value - share.low],
                    "thickness": 2,
                },
                mode="markers",
                name=who,
                marker={"size": 13, "symbol": symbol, "color": colors.get(who, BLUISH_GREEN)},
                hovertemplate=f"%{{y}}: {share.text(2)}<extra></extra>",
            )
        )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 1.02])
    figure.update_yaxes(autorange="reversed")
    told = "; ".join(f"{who} {score.right} of {score.n}" for who, score in everyone.items())
    charts.show(figure, key, f"Right answers, with 95 % intervals: {told}.")
