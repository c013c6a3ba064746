"""Results of invented series for the tests of reports; nothing is scored, so that every number is known."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from pydicom import Dataset

from brain_core.errors import ScanError
from brain_core.inference import Prediction, label_of
from brain_core.operating_points import OperatingPoint
from brain_core.preprocessing import Box
from brain_core.scans import Scan
from brain_core.scans.frame import Frame
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.scans.series import Identity, Series, Slice
from brain_core.study.result import SeriesResult
from brain_core.study.summary import summarise
from tests.needed import lacking
from tests.scans.dicom_files import SPACING, enhanced, head_volume, series_datasets

SIZE = 96
POINTS = {
    "custom_cnn": OperatingPoint(0.5, "default", "not fitted"),
    "resnet50": OperatingPoint(0.336, "best balanced accuracy", "validation, n = 39"),
}
VERSIONS = {"custom_cnn": "2026-11-25-2d2a92b6", "resnet50": "2026-11-24-77aa01cd"}
IDENTITY = Identity(
    "Müller^Anna=山田^花子", "PID-778899", "19610203", "F", "20260102", "MRI <b>brain</b> & skull", "ACC-4242"
)
TRACES = ("Müller", "Muller", "Anna", "PID-778899", "19610203", "1961-02-03", "ACC-4242", "skull")
DESCRIPTION = "<b>T1 & axial</b> <img src=x>"


class DrawnSeries(Series):
    """A series whose scans are drawn, so that nothing here depends on the window."""

    def scan(self, index: int, voi=None) -> Scan:
        values = self.frame(index).values
        pixels = np.clip(values / max(values.max(), 1) * 255, 0, 255).astype(np.uint8)
        return Scan(pixels, "slice", self.source, self.slices[index].key, self.modality, self.slices[index].spacing)


def prediction(model: str, probability: float, *, flags: Sequence[str] = (), size: int = SIZE) -> Prediction:
    """With a heatmap whose hot spot is on the right of the picture for the custom CNN, on the left for ResNet50."""
    y, x = np.mgrid[:7, :7]
    across = {"custom_cnn": 4.5, "resnet50": 1.5}[model]
    heatmap = np.exp(-((x - across) ** 2 + (y - 2.5) ** 2) / 3).astype(np.float32)
    point = POINTS[model]
    return Prediction(
        model=model,
        version=VERSIONS[model],
        probability=probability,
        operating_point=point,
        label=label_of(probability, point.threshold),
        heatmap=heatmap,
        box=Box(0, 0, size, size),
        flags=tuple(flags),
        seconds=0.0123456,
    )


def single_scan(size: int = 256) -> Scan:
    return draw(Phantom(seed=3, lesion=Lesion((0.70, 0.36), 0.20, 0.40), size=size))


def result(
    series: Series | None = None,
    probabilities: dict[str, Sequence[float]] | None = None,
    *,
    flagged: Sequence[int] = (0, 1),
    unread: Sequence[int] = (),
    flags: dict[int, Sequence[str]] | None = None,
) -> SeriesResult:
    """A result with the probabilities given, or a bump in the middle.

    Args:
        unread: slices without a prediction.
        flags: by index; ``not-brain-like`` for those flagged, none for others, by default.
    """
    series = dicom_series() if series is None else series
    n = len(series)
    probabilities = probabilities or {"custom_cnn": bump(n, 0.9, 0.1), "resnet50": bump(n, 0.8, 0.02)}
    flags = dict.fromkeys(flagged, ("not-brain-like",)) if flags is None else flags
    columns, summaries = {}, []
    for model, values in probabilities.items():
        column = [
            None if i in unread else prediction(model, float(p), flags=flags.get(i, ())) for i, p in enumerate(values)
        ]
        columns[model] = tuple(column)
        card = SimpleNamespace(name=model, version=VERSIONS[model])
        summaries.append(summarise(card, POINTS[model], [p and p.probability for p in column], flagged))
    errors = {i: f"Anna_Mueller_{i}.dcm is truncated." for i in unread}
    return SeriesResult(series, columns, errors, tuple(flagged), tuple(summaries))


def bump(n: int, top: float, bottom: float) -> list[float]:
    """Highest in the middle slice, ``n // 2``."""
    x = np.arange(n) - n // 2
    return (bottom + (top - bottom) * np.exp(-((x / max(1, n / 8)) ** 2))).tolist()


def dicom_series(datasets: Sequence[Dataset] | None = None, n: int = 8, **attributes) -> Series:
    """A series of single-frame files (of `dicom_files`), as far as reports need it."""
    datasets = datasets or _datasets(n, **attributes)
    slices = tuple(
        Slice(
            key=f"{i:064x}",
            read=lambda ds=ds: Frame(ds.pixel_array.astype(np.float32)),
            height=ds.Rows,
            width=ds.Columns,
            position=-20 + 5.0 * i,
            spacing=(SPACING, SPACING),
            header=lambda ds=ds: without_pixels(ds),
        )
        for i, ds in enumerate(datasets)
    )
    return DrawnSeries("5" * 64, DESCRIPTION, 3, "DICOM", "MR", "image", "axial", slices, 5.0)


def enhanced_series(n: int = 6, **attributes) -> Series:
    """A series of the frames of one enhanced multi-frame file."""
    ds = enhanced(head_volume(n, size=SIZE), **attributes)
    volume = ds.pixel_array
    slices = tuple(
        Slice(
            key=f"{i:064x}",
            read=lambda i=i: Frame(volume[i].astype(np.float32)),
            height=SIZE,
            width=SIZE,
            position=5.0 * i,
            spacing=(SPACING, SPACING),
            header=lambda: without_pixels(ds),
            frame_number=i + 1,
        )
        for i in range(n)
    )
    return DrawnSeries("6" * 64, DESCRIPTION, 4, "DICOM", "MR", "image", "axial", slices, 5.0)


def nifti_series(n: int = 5) -> Series:
    """A series without DICOM headers."""
    known = dicom_series(n=n)
    slices = tuple(replace(each, header=None) for each in known.slices)
    return DrawnSeries("7" * 64, "anna_mueller.nii.gz", None, "NIfTI", None, "image", None, slices)


def unreadable(series: Series, *indices: int) -> Series:
    """The same, some slices of which cannot be read."""

    def fail() -> Frame:
        raise ScanError("Anna_Mueller.dcm is truncated.")

    slices = tuple(replace(each, read=fail) if i in indices else each for i, each in enumerate(series.slices))
    return replace(series, slices=slices)


def without_pixels(ds: Dataset) -> Dataset:
    """A copy as a reader of headers gives it."""
    return Dataset({tag: ds[tag] for tag in list(ds.keys()) if tag != 0x7FE00010})


def required_tool(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything is required."""
    found = shutil.which(name)
    if not found:
        lacking(f"{name} is not installed (Debian package {package}).")
    return found


@cache
def _datasets(n: int, **attributes) -> tuple[Dataset, ...]:
    return tuple(series_datasets(n, size=SIZE, **attributes))
