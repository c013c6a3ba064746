"""Sample scans with their reference standard."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from brain_core.datasets.samples import SYNTHETIC, Sample
from brain_core.palette import LABEL_COLORS, LABEL_SHAPES, LABEL_WORDS
from brain_core.reports.figures.style import SMALL, WIDTH, new_figure, printed

COLUMNS = 3
TEXT = 0.4  # inches above and below a scan
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # a sample's, the same in every figure


@printed()
def draw(samples: Sequence[Sample]) -> Figure:
    """A panel a sample, those with a tumour first."""
    rows = -(-len(samples) // COLUMNS)
    figure = new_figure(rows * (WIDTH / COLUMNS + TEXT) + 0.3, title(samples))
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in grid[len(samples) :]:
        axes.remove()
    for letter, axes, sample in zip(LETTERS, grid, in_order(samples), strict=False):
        frame(axes, LABEL_COLORS[sample.reference])
        axes.imshow(sample.scan.rgb)
        axes.set_title(f"{letter}  {LABEL_SHAPES[sample.reference]} {LABEL_WORDS[sample.reference]}", loc="left")
        about = "" if sample.origin != SYNTHETIC else f"{sample.caption}, "
        axes.set_xlabel(f"{about}{sample.scan.width} × {sample.scan.height} pixels", fontsize=SMALL, labelpad=2)
    return figure


def title(samples: Sequence[Sample]) -> str:
    """What is shown, and how many."""
    if samples[0].origin == SYNTHETIC:
        return f"Synthetic phantoms, of no patient; reference standard as drawn (n = {len(samples)})"
    return f"Scans of the data set {samples[0].data!r}; reference standard from its folders (n = {len(samples)})"


def in_order(samples: Sequence[Sample]) -> list[Sample]:
    """Those with a tumour first."""
    return sorted(samples, key=lambda sample: sample.reference != "tumor")


def frame(axes: Axes, color: str) -> None:
    """A square black panel, framed in a label's colour, for a scan of any shape."""
    axes.set(xticks=[], yticks=[], facecolor="black", box_aspect=1)
    axes.spines[:].set(visible=True, color=color, linewidth=1.5)
