"""How all figures look, and how one is written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from brain_core.files import replacing
from brain_core.palette import MODEL_COLORS
from brain_core.reports.stored import NotAvailable

DPI = 300  # what journals ask for
WIDTH = 7.1  # inches, 180 mm: across both columns of a journal's page
SMALL = 7  # points, the least that print asks for
# By name: colour, and dashes so that colour is never the only sign.
LINES = {
    name: (MODEL_COLORS[name], dashes)
    for name, dashes in (("custom_cnn", "-"), ("resnet50", (0, (5, 1.5))), ("ensemble", (0, (3, 1, 1, 1))))
}
_STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine draws the same
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "figure.titlesize": 9.5,
    "figure.titleweight": "bold",
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
}


@contextmanager
def printed() -> Iterator[None]:
    """Our style and nothing of the user's own; also a decorator. Matplotlib's is global: one thread at a time."""
    with matplotlib.style.context(["default", _STYLE]):
        yield


def new_figure(height: float, title: str) -> Figure:
    """An empty figure over the width of a page; ``height`` in inches."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    return figure


def say(axes: Axes, text: str, width: int = 30) -> None:
    """A sentence in the middle of a panel without data, in place of what it would show; ``width`` in characters."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_facecolor("#F2F2F2")
    axes.text(0.5, 0.5, textwrap.fill(text, width), transform=axes.transAxes, ha="center", va="center", fontsize=SMALL)


@contextmanager
def panel(axes: Axes) -> Iterator[None]:
    """What cannot be shown in the panel is said in it."""
    try:
        yield
    except NotAvailable as error:
        say(axes, str(error))


@printed()
def save(figure: Figure, path: Path) -> None:
    """PNG at `DPI`, written in one step, without date or software in it: the same results give the same bytes."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
