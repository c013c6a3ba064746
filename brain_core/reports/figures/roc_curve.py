"""ROC curves: both models on the locked test; models, ensemble and shortcut baselines in cross-validation."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from brain_core.evaluation.shortcuts import MAJORITY
from brain_core.evaluation.stored_results import TEST
from brain_core.metrics import Metrics
from brain_core.models import MODELS
from brain_core.palette import NEUTRAL
from brain_core.reports.estimates import RULE
from brain_core.reports.figures.style import LINES, new_figure, panel, printed
from brain_core.reports.stored import NotAvailable, Stored, counts
from brain_core.scored import Scored

BASELINES = {"color": "#555555", "linewidth": 0.8}
BASELINE_DASHES = (":", "-.", "--")
GRID = np.linspace(0, 1, 201)  # false-positive rates at which repeats are averaged
LABEL_WIDTH = 60  # characters


@printed()
def draw(stored: Stored) -> Figure:
    """Left the locked test, right the cross-validation where one is stored."""
    figure = new_figure(5, "Receiver operating characteristic (ROC)")
    (left, right), below = figure.subplots(2, 2, height_ratios=(3.3, 1))
    left.set_title("Locked test", fontweight="bold")
    _locked_test(left, stored)
    right.set_title("Cross-validation", fontweight="bold")
    with panel(right):
        _cross_validation(right, stored)
    for axes, place in zip((left, right), below, strict=True):
        axes.set_box_aspect(1)
        place.axis("off")
        place.legend(*axes.get_legend_handles_labels(), loc="upper center", handlelength=2.6, borderpad=0)
    return figure


def _locked_test(axes: Axes, stored: Stored) -> None:
    sizes = set()
    for name, model in MODELS.items():
        color, dashes = LINES[name]
        try:
            part = stored.part(name, TEST)
            found = part.metrics()
            sizes.add(counts(found.n, found.positives))
            scored = _with_both_classes(part.scored)
            x, y, _ = roc_curve(scored.labels, scored.probabilities[0])
            auc = found.shown("roc_auc").text()
            axes.plot(x, y, color=color, linestyle=dashes, label=f"{model.title}: AUC {auc}")
            point = 1 - found.specificity.value, found.recall.value
            axes.plot(*point, "o", color=color, markersize=4.5, markeredgecolor="white", markeredgewidth=0.6, zorder=3)
        except NotAvailable as error:
            axes.plot([], [], " ", label=_wrapped(f"{model.title}: {error}"))
    if sizes:
        axes.set_title(f"Locked test\n{' / '.join(sorted(sizes))}", fontweight="bold")
        axes.plot([], [], "o", color=NEUTRAL, markersize=4.5, label="operating point in service")
    _finish(axes)


def _cross_validation(axes: Axes, stored: Stored) -> None:
    rows = stored.cross_validated()
    plan, sizes = stored.record.get("protocol", {}), set()
    dashes, fewer = iter(BASELINE_DASHES), plan.get("repeats_of", {})
    for name in (name for name in rows if name != MAJORITY):  # its curve is the chance line
        color, line = LINES.get(name, (None, None))
        look = {"color": color, "linestyle": line} if color else {**BASELINES, "linestyle": next(dashes, ":")}
        title = MODELS[name].title if name in MODELS else name
        try:
            scored = stored.folds(name)
            sizes.add(counts(scored.n, int(scored.labels.sum())))
            x, y = mean_curve(_with_both_classes(scored))
            few = f", {fewer[name]} x {plan['folds']} folds" if name in fewer else ""
            axes.plot(x, y, **look, label=f"{title}{few}: AUC {_stored_auc(rows[name])}")
        except NotAvailable as error:
            axes.plot([], [], " ", label=_wrapped(f"{title}: {error}"))
    for name in (name for name in MODELS if name not in rows):
        axes.plot([], [], " ", label=f"{MODELS[name].title}: not stored")
    if "repeats" in plan and "folds" in plan:
        sizes = {f"mean of {plan['repeats']} x {plan['folds']} folds, {each}" for each in sizes}
    axes.set_title("\n".join(["Cross-validation", *sorted(sizes)]), fontweight="bold")
    _finish(axes)


def mean_curve(scored: Scored) -> tuple[np.ndarray, np.ndarray]:
    """The repeats' curves averaged vertically (Fawcett 2006, 'An introduction to ROC analysis'), on `GRID`."""
    heights = [np.interp(GRID, *roc_curve(scored.labels, scores)[:2]) for scores in scored.probabilities]
    return np.concatenate([[0], GRID]), np.concatenate([[0], np.mean(heights, axis=0)])


def _with_both_classes(scored: Scored) -> Scored:
    if scored.flaw:
        raise NotAvailable(f"not computed: {scored.flaw} (n = {scored.n})")
    return scored


def _stored_auc(row: dict) -> str:
    found = row.get("at", {}).get(RULE)
    return "not stored" if found is None else Metrics.from_json(found).shown("roc_auc").text()


def _wrapped(text: str) -> str:
    return textwrap.fill(text, LABEL_WIDTH)


def _finish(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=NEUTRAL, linewidth=0.6, label="chance: AUC 0.5")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set_xlabel("False-positive rate (1 − specificity)")
    axes.set_ylabel("True-positive rate (sensitivity)")
