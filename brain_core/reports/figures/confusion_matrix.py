"""Both models' labels against the reference standard, on the locked test."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from brain_core.evaluation.stored_results import TEST
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.models import MODELS
from brain_core.palette import LABEL_WORDS
from brain_core.reports.figures.style import SMALL, new_figure, panel, printed
from brain_core.reports.stored import Stored, counts
from brain_core.scored import Scored

CLASSES = (("tumor", 1), ("no tumor", 0))
DARK = 0.55  # share of a row above which text is white


@printed()
def draw(stored: Stored) -> Figure:
    """A panel a model: counts, and percentages of the row with their 95 % interval."""
    figure = new_figure(3.3, "Confusion matrices, locked test")
    for axes, name in zip(figure.subplots(1, len(MODELS)), MODELS, strict=True):
        axes.set_title(MODELS[name].title, fontweight="bold")
        with panel(axes):
            part = stored.part(name, TEST)
            found = part.metrics()
            about = f"threshold {part.thresholds:.3f}\n{counts(found.n, found.positives)}"
            axes.set_title(f"{MODELS[name].title}, {about}", fontweight="bold")
            _draw(axes, part.scored, found)
    figure.supxlabel(
        "Per cell: scans, and share of the row with its 95 % interval (bootstrap over near-duplicate groups;\n"
        "at 0 and 100 % it has no width, which is no certainty).",
        fontsize=SMALL,
    )
    return figure


def _draw(axes: Axes, scored: Scored, found: Metrics) -> None:
    predicted = (scored.probabilities >= scored.thresholds)[0]
    table = confusion_matrix(scored.labels, predicted, labels=[value for _, value in CLASSES])
    rows = table.sum(axis=1, keepdims=True)
    shares = np.divide(table, rows, out=np.zeros(table.shape), where=rows > 0)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15)  # not to the darkest, so that text stays readable
    for i, right in enumerate((found.shown("recall"), found.shown("specificity"))):
        for j in range(2):
            color = "white" if shares[i, j] > DARK else "black"
            axes.text(j, i - 0.08, str(table[i, j]), ha="center", va="center", fontsize=14, color=color)
            share = right if i == j else right.scaled(-1, 1)
            axes.text(j, i + 0.2, _percent(share), ha="center", va="center", fontsize=SMALL, color=color)
    words = [LABEL_WORDS[label] for label, _ in CLASSES]
    axes.set_xticks(range(2), words)
    axes.set_yticks(range(2), words, rotation=90, va="center")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("Model's label")
    axes.set_ylabel("Reference standard")


def _percent(share: Estimate) -> str:
    if share.value is None:
        return "not computed:\nno such scan"
    interval = "" if share.low is None else f"\n({100 * share.low:.0f} to {100 * share.high:.0f} %)"
    return f"{100 * share.value:.1f} %{interval}"
