"""Where both models look: the samples, each model's overlay and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from brain_core.datasets.samples import Sample
from brain_core.errors import ModelError
from brain_core.inference import FLAT_MAP, Detector, Prediction
from brain_core.models import MODELS
from brain_core.overlay import DEFAULT_COLORMAP
from brain_core.palette import LABEL_COLORS, LABEL_SHAPES, LABEL_WORDS
from brain_core.reports.figures.sample_images import LETTERS, frame, in_order, title
from brain_core.reports.figures.style import SMALL, WIDTH, new_figure, printed, say
from brain_core.reports.stored import Stored, short

SEEN = "†"
FOOTNOTE = f"{SEEN} a scan that this model was trained on"


@dataclass(frozen=True, eq=False)
class Explained:
    """What the models say of the samples, by name of a model; why another says nothing.

    Attributes:
        seen: by name of a model, hashes (sha256, 16 digits) of the scans it was trained on.
    """

    predictions: dict[str, list[Prediction]]
    missing: dict[str, str]
    seen: dict[str, frozenset[str]]


def explain(stored: Stored, samples: Sequence[Sample]) -> Explained:
    """Load each model in service and have it score the samples; one that cannot be loaded stands in ``missing``."""
    predictions, missing = {}, {name: f"not stored: {why}" for name, why in stored.missing.items()}
    for name, card in stored.cards.items():
        try:
            predictions[name] = Detector(card).predict([sample.scan for sample in samples])
        except ModelError as error:
            missing[name] = f"not computed: {short(error)}"
    seen = {
        name: frozenset(card.metadata.get("data", {}).get("train_sha256", ())) for name, card in stored.cards.items()
    }
    return Explained(predictions, missing, seen)


@printed()
def draw(samples: Sequence[Sample], explained: Explained) -> Figure:
    """A column a sample; the scan in the first row, then a row a model. The samples are in the order of `explain`."""
    count = len(samples)
    figure = new_figure(WIDTH / max(count, 4) * (1 + len(MODELS)) + 1.5, f"Grad-CAM. {title(samples)}")
    grid = figure.subplots(1 + len(MODELS), count, squeeze=False)
    order = in_order(samples)
    for letter, axes, sample in zip(LETTERS, grid[0], order, strict=False):
        frame(axes, LABEL_COLORS[sample.reference])
        axes.imshow(sample.scan.rgb)
        axes.set_title(f"{letter}  {_words(sample.reference)}", fontsize=SMALL)
    grid[0, 0].set_ylabel("Scan and\nreference standard")
    for name, row in zip(MODELS, grid[1:], strict=True):
        if name in explained.missing:
            _say_across(figure, row, f"{MODELS[name].title}: {explained.missing[name]}")
            continue
        found = dict(zip((sample.id for sample in samples), explained.predictions[name], strict=True))
        for axes, sample in zip(row, order, strict=True):
            _overlay(axes, sample, found[sample.id], explained.seen[name])
        row[0].set_ylabel(f"{MODELS[name].title}\nthreshold {next(iter(found.values())).threshold:.3f}")
    _legend(figure, grid, samples, explained)
    return figure


def _words(label: str) -> str:
    return f"{LABEL_SHAPES[label]} {LABEL_WORDS[label]}"


def _overlay(axes: Axes, sample: Sample, prediction: Prediction, seen: frozenset[str]) -> None:
    frame(axes, LABEL_COLORS[prediction.label])
    axes.imshow(prediction.overlay_on(sample.scan))
    mark = f" {SEEN}" if sample.scan.key in seen else ""
    flat = "\nmap is flat" if FLAT_MAP in prediction.flags else ""
    axes.set_title(f"{_words(prediction.label)}, {prediction.probability:.2f}{mark}{flat}", fontsize=SMALL)


def _say_across(figure: Figure, row, text: str) -> None:
    """A sentence over a whole row of panels."""
    for axes in row[1:]:
        axes.remove()
    axes = row[0]
    axes.set_subplotspec(axes.get_gridspec()[axes.get_subplotspec().rowspan.start, :])
    say(axes, text, width=90)


def _legend(figure: Figure, grid, samples: Sequence[Sample], explained: Explained) -> None:
    """The colour scale, and what the signs mean."""
    shown = [axes for axes in grid.flat if axes.figure is figure]
    bar = figure.colorbar(
        ScalarMappable(cmap=DEFAULT_COLORMAP), ax=shown, orientation="horizontal", aspect=50, shrink=0.6, pad=0.02
    )
    bar.set_label("Grad-CAM of the logit for a tumour (share of the map's highest value)")
    bar.outline.set_visible(False)
    lines = ["Above each overlay: the model's label and its probability of a tumour; frames in the label's colour."]
    if any(sample.scan.key in seen for sample in samples for seen in explained.seen.values()):
        lines.append(FOOTNOTE + ".")
    figure.supxlabel("\n".join(lines), fontsize=SMALL, color="black")
