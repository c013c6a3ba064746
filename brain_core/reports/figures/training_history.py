"""Loss, accuracy and ROC-AUC over the epochs of both phases."""

from __future__ import annotations

from contextlib import suppress

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from brain_core.evaluation.history import NOT_STORED, PARTS, PHASES, history_of
from brain_core.evaluation.stored_results import VALIDATION
from brain_core.models import MODELS
from brain_core.palette import NEUTRAL
from brain_core.registry import ModelCard
from brain_core.reports.figures.style import LINES, SMALL, new_figure, panel, printed
from brain_core.reports.stored import NotAvailable, Stored

CURVES = {"loss": "Loss (cross-entropy, log scale)", "accuracy": "Accuracy at threshold 0.5", "auc": "ROC-AUC"}
FLOOR = 0.35  # of the axes for accuracy and AUC, so that the models can be compared by eye
SHADE = "#F1F1F1"


@printed()
def draw(stored: Stored) -> Figure:
    """A row of panels a model."""
    figure = new_figure(2.1 * len(MODELS) + 0.3, "Training history")
    grid = figure.subplots(len(MODELS), len(CURVES), squeeze=False)
    for row, name in zip(grid, MODELS, strict=True):
        for axes, curve in zip(row, CURVES, strict=True):
            axes.set_ylabel(CURVES[curve])
            with panel(axes):
                _draw(axes, stored.card(name), curve)
        row[1].set_title(_title(stored, name), fontweight="bold", pad=14)
    return figure


def _title(stored: Stored, name: str) -> str:
    title = MODELS[name].title
    if name not in stored.cards:
        return title
    sizes = {"training": len(stored.cards[name].metadata.get("data", {}).get("train_sha256") or ())}
    with suppress(NotAvailable):
        sizes["validation"] = len(stored.part(name, VALIDATION).labels)
    known = [f"n = {n} {part}" for part, n in sizes.items() if n]
    return f"{title}: {', '.join(known) or 'n not stored'}"


def _draw(axes: Axes, card: ModelCard, curve: str) -> None:
    history = history_of(card)
    if not history.epochs:
        raise NotAvailable(NOT_STORED)
    for prefix, part in PARTS.items():
        numbers, values = history.values(prefix + curve)
        if not values:
            raise NotAvailable(f"not stored: {curve} of the {part} scans")
        color, dashes = LINES[card.name] if prefix else (NEUTRAL, "-")
        axes.plot(numbers, values, color=color, linestyle=dashes, linewidth=0.9, label=part)
    axes.set_xlabel("Epoch")
    axes.set_xlim(0.5, len(history.epochs) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if curve == "loss":
        axes.set_yscale("log")  # a spike of the validation loss would flatten all else
        axes.yaxis.set_major_formatter("{x:g}")
        axes.legend()
    else:
        axes.set_ylim(min(FLOOR, axes.get_ylim()[0]), 1.02)
    _mark_phases(axes, history.ends)


def _mark_phases(axes: Axes, ends: dict[str, int]) -> None:
    """The phases' names above the panel, and the second one's background shaded."""
    start, last = 0.5, max(ends.values()) + 0.5
    for phase, end in ends.items():
        if phase == PHASES[1]:
            axes.axvspan(start, last, color=SHADE, zorder=0, linewidth=0)
            axes.axvline(start, color=NEUTRAL, linewidth=0.6, zorder=1)
        axes.annotate(
            phase, ((start + end) / 2, 1), (0, 2), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
            ha="center", va="bottom", fontsize=SMALL,
        )  # fmt: skip
        start = end + 0.5
