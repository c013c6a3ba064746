"""Charts of curves: a line a model, in its colour and dashes, with its band."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from brain_core.curves import Curve, Histogram
from brain_core.decision_curve import DecisionCurve
from brain_core.evaluation.history import PARTS, History
from brain_core.palette import MODEL_COLORS, NEUTRAL
from brain_core.reliability import Reliability
from brain_core.ui import stored, theme
from brain_core.ui.charts import frame, show

DASHES = {"custom_cnn": "solid", "resnet50": "dash", "ensemble": "dashdot"}
BASELINE_DASHES = ("dot", "longdash", "longdashdot")
BAND = 0.16  # opacity
LOWEST_BENEFIT = -0.1  # below, nothing is of use and the axis need not follow


def roc(curves: dict[str, Curve], key: str, told: str) -> None:
    """Sensitivity against false positive rate."""
    figure = frame(_titled("ROC curve", curves), "false positive rate (1 - specificity)", "sensitivity")
    figure.add_trace(_reference([0, 1], [0, 1], "chance"))
    _curves(figure, curves, stepped=False)
    _unit_square(figure)
    show(figure, key, told + _missing(curves))


def precision_recall(curves: dict[str, Curve], key: str, told: str) -> None:
    """Precision against recall; the share of tumours is what a coin would reach."""
    figure = frame(_titled("Precision-recall curve", curves), "recall (sensitivity)", "precision")
    shares = {curve.positives / curve.n for curve in curves.values() if len(curve.x)}
    for share in sorted(shares)[:1]:
        figure.add_trace(_reference([0, 1], [share, share], f"chance ({share:.2f})"))
    _curves(figure, curves, stepped=True)
    _unit_square(figure)
    show(figure, key, told + _missing(curves))


def histogram(found: Histogram, title: str, key: str) -> None:
    """How many scans of each class a bin of the probability holds."""
    total = found.tumour.sum() + found.other.sum()
    figure = frame(f"{title}: scores by class, n = {total:.4g}", "probability of a tumour", "scans", height=300)
    centres, width = (found.edges[:-1] + found.edges[1:]) / 2, np.diff(found.edges)
    for label, counts, pattern in (("no tumor", found.other, ""), ("tumor", found.tumour, "/")):
        figure.add_trace(
            go.Bar(
                x=centres,
                y=counts,
                width=width,
                name=theme.LABEL_WORDS[label],
                opacity=0.65,
                marker={"color": theme.LABEL_COLORS[label], "pattern": {"shape": pattern}},
                hovertemplate="%{y:.4g} scans<br>probability around %{x:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, 1])
    low = found.tumour[: len(found.tumour) // 2].sum()
    high = found.other[len(found.other) // 2 :].sum()
    show(figure, key, f"Below 0.5 lie {low:.3g} scans with a tumour, from 0.5 on {high:.3g} without.")


def calibration(found: Reliability, name: str, title: str, key: str, told: str) -> None:
    """Observed share against mean probability, a point a bin with its interval; its size goes with the count."""
    figure = frame(f"{title}: calibration, n = {found.n}", "mean probability", "share with a tumour")
    figure.add_trace(_reference([0, 1], [0, 1], "right"))
    bins = [each for each in found.bins if each.probability is not None]
    y = [each.observed.value for each in bins]
    figure.add_trace(
        go.Scatter(
            x=[each.probability for each in bins],
            y=y,
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [each.observed.high - v for each, v in zip(bins, y, strict=True)],
                "arrayminus": [v - each.observed.low for each, v in zip(bins, y, strict=True)],
                "thickness": 1,
            },
            mode="markers+lines",
            name=title,
            text=[f"{each.count:.4g} scans" for each in bins],
            line={"color": _color(name), "dash": _dash(name)},
            marker={"size": [6 + 14 * (each.count / max(1, found.n)) ** 0.5 for each in bins]},
            hovertemplate="mean probability %{x:.3f}<br>share with a tumour %{y:.3f}<br>%{text}<extra></extra>",
        )
    )
    _unit_square(figure)
    show(figure, key, told)


def decision_curve(curves: dict[str, DecisionCurve], key: str, told: str) -> None:
    """Net benefit against threshold probability, beside acting on everybody and on nobody."""
    drawn = {name: curve for name, curve in curves.items() if len(curve.model)}
    figure = frame(_titled("Decision curve", curves), "threshold probability t", "net benefit, true alarms a patient")
    for curve in list(drawn.values())[:1]:
        figure.add_trace(_reference(curve.thresholds, curve.treat_all, "act on everybody", dash="dot"))
        figure.add_trace(_reference(curve.thresholds, curve.treat_none, "act on nobody", dash="solid"))
    highest = 0.1
    for name, curve in drawn.items():
        if name in DASHES:
            _band(figure, name, curve.thresholds, curve.low, curve.high)
        figure.add_trace(_line(name, curve.thresholds, curve.model, list(curves)))
        highest = max(highest, float(curve.model.max()))
    figure.update_xaxes(range=[0, 1])
    figure.update_yaxes(range=[LOWEST_BENEFIT, highest * 1.1])
    show(figure, key, told + _missing(curves))


def history(found: History, curve: str, title: str, name: str, key: str, of: str = "") -> None:
    """One figure over the epochs, of the training and of the validation scans; the phases are marked.

    Args:
        of: which model's, to be added to the chart's title.
    """
    figure = frame(f"{title}, {of}" if of else title, "epoch", title, height=300)
    last = []
    for prefix, part in PARTS.items():
        x, y = found.values(prefix + curve)
        if not x:
            last.append(f"{part} not stored")
            continue
        line = {"color": _color(name), "dash": "solid"} if prefix else {"color": NEUTRAL, "dash": "dot"}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", name=part, line=line))
        last.append(f"{part} {y[-1]:.3f}")
    for phase, end in list(found.ends.items()):
        figure.add_vline(x=end + 0.5, line={"color": NEUTRAL, "width": 1, "dash": "dash"})
        figure.add_annotation(x=end, y=1, yref="paper", text=phase, showarrow=False, xanchor="right", yanchor="bottom")
    if curve == "loss":
        figure.update_yaxes(type="log")
    show(figure, key, f"Last epoch: {', '.join(last)}.")


def _curves(figure: go.Figure, curves: dict[str, Curve], stepped: bool) -> None:
    for name, curve in curves.items():
        if len(curve.x):
            if name in DASHES:
                _band(figure, name, curve.x, curve.low, curve.high)
            figure.add_trace(_line(name, curve.x, curve.y, list(curves), "vh" if stepped else "linear"))


def _line(name: str, x, y, names: list[str], shape: str = "linear") -> go.Scatter:
    baselines = [each for each in names if each not in DASHES]
    dash = DASHES.get(name) or BASELINE_DASHES[baselines.index(name) % len(BASELINE_DASHES)]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        name=stored.title(name),
        line={"color": _color(name), "dash": dash, "width": 2.5 if name in DASHES else 1.5, "shape": shape},
        hovertemplate="%{x:.3f}, %{y:.3f}<extra>%{fullData.name}</extra>",
    )


def _band(figure: go.Figure, name: str, x, low, high) -> None:
    if np.isnan(low).all():
        return
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            fillcolor=_transparent(_color(name)),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            name=f"{stored.title(name)}, 95 % band",
        )
    )


def _reference(x, y, name: str, dash: str = "dot") -> go.Scatter:
    return go.Scatter(
        x=x, y=y, mode="lines", name=name, line={"color": NEUTRAL, "width": 1, "dash": dash}, hoverinfo="skip"
    )


def _unit_square(figure: go.Figure) -> None:
    figure.update_xaxes(range=[0, 1.005])
    figure.update_yaxes(range=[0, 1.02])


def _titled(title: str, curves: dict) -> str:
    sizes = sorted({curve.n for curve in curves.values()})
    return f"{title}, n = {' / '.join(map(str, sizes))}" if sizes else title


def _missing(curves: dict) -> str:
    """Why a curve or a band is not there."""
    reasons = {stored.title(name): curve.reason for name, curve in curves.items() if curve.reason}
    return "".join(f" {title}: not computed: {reason}." for title, reason in reasons.items())


def _color(name: str) -> str:
    return MODEL_COLORS.get(name, NEUTRAL)


def _dash(name: str) -> str:
    return DASHES.get(name, BASELINE_DASHES[0])


def _transparent(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{BAND})"
