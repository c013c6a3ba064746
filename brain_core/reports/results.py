"""The brief's five figures and the table of numbers, from stored results into a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from brain_core.datasets.samples import Sample
from brain_core.files import replacing, write_json
from brain_core.reports.figures import (
    confusion_matrix,
    gradcam_heatmaps,
    roc_curve,
    sample_images,
    style,
    training_history,
)
from brain_core.reports.figures.gradcam_heatmaps import Explained
from brain_core.reports.stored import Stored
from brain_core.reports.summary import summary
from brain_core.reports.summary_markdown import markdown


def write_results(
    out: Path, stored: Stored, samples: Sequence[Sample], explained: Explained, command: str
) -> Iterator[Path]:
    """Write the seven files, each in one step; yields each as it is written.

    Args:
        explained: of ``samples``, in their order.
        command: what the documents name as their origin.
    """
    figures: dict[str, Callable] = {
        "sample_images": lambda: sample_images.draw(samples),
        "training_history": lambda: training_history.draw(stored),
        "confusion_matrix": lambda: confusion_matrix.draw(stored),
        "roc_curve": lambda: roc_curve.draw(stored),
        "gradcam_heatmaps": lambda: gradcam_heatmaps.draw(samples, explained),
    }
    for name, draw in figures.items():
        path = out / f"{name}.png"
        style.save(draw(), path)
        yield path
    numbers = summary(stored, command)
    write_json(out / "metrics.json", numbers)
    yield out / "metrics.json"
    with replacing(out / "metrics.md") as part:
        part.write_text(markdown(numbers), encoding="utf-8")
    yield out / "metrics.md"
