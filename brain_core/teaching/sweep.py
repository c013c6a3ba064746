"""What does a model need to see? One property of a planted lesion over a range, and each model's probabilities."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from brain_core import input_gate
from brain_core.errors import ConfigError
from brain_core.preprocessing import BATCH
from brain_core.scans import Scan
from brain_core.teaching.changes import Changes, apply
from brain_core.teaching.planted import Blob

if TYPE_CHECKING:
    from brain_core.inference import Detector, Prediction

POINTS = 21
# Quantity -> first and last value of the range that a sweep goes through, in the units of `Blob`.
RANGES = {"radius": (0.0, 0.20), "contrast": (-0.6, 0.6), "softness": (0.0, 2.0), "x": (0.2, 0.8), "y": (0.2, 0.8)}


@dataclass(frozen=True, eq=False)
class Sweep:
    """Answers to one scan with one lesion after another.

    Attributes:
        quantity: what differs between them, a key of `RANGES`.
        values: float64 (n,), of the quantity, in the units of `Blob`; a radius of 0 is no lesion.
        probabilities: by model's name, float64 (n,), of a tumour.
        assessed: bool (n,); False where the picture is flat, or a model finds it unlike its training data: then none
            classifies it.
        thresholds: by model's name, the operating point.
    """

    quantity: str
    values: np.ndarray
    probabilities: Mapping[str, np.ndarray]
    assessed: np.ndarray
    thresholds: Mapping[str, float]

    def called(self, model: str) -> np.ndarray:
        """Where the model calls a tumour, bool (n,)."""
        return (self.probabilities[model] >= self.thresholds[model]) & self.assessed

    def runs(self, model: str) -> tuple[tuple[float, float], ...]:
        """First and last value of each unbroken run of values at which the model calls a tumour."""
        edges = np.diff(np.concatenate([[False], self.called(model), [False]]).astype(int))
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return tuple((float(self.values[i]), float(self.values[j])) for i, j in zip(starts, ends, strict=True))


def values_of(quantity: str, points: int = POINTS) -> np.ndarray:
    """Evenly spaced values over the quantity's range, float64 (points,).

    Raises:
        ConfigError: no such quantity, or fewer than two points.
    """
    if quantity not in RANGES or points < 2:
        raise ConfigError(
            f"Sweep: expected one of {', '.join(RANGES)} and at least 2 points. Received: {quantity!r}, {points}."
        )
    return np.linspace(*RANGES[quantity], points).round(6)


def scan_at(scan: Scan, changes: Changes, quantity: str, value: float) -> Scan:
    """The changed scan with one property of its lesion set.

    Raises:
        ConfigError: there is no lesion, or it cannot have this value.
    """
    if changes.blob is None:
        raise ConfigError("Sweep: expected changes with a lesion. Received: none.")
    if quantity not in RANGES:
        raise ConfigError(f"Sweep: expected one of {', '.join(RANGES)}. Received: {quantity!r}.")
    blob: Blob | None = None if quantity == "radius" and value == 0 else replace(changes.blob, **{quantity: value})
    return apply(scan, replace(changes, blob=blob))


def run(
    scan: Scan,
    changes: Changes,
    quantity: str,
    values: Sequence[float] | np.ndarray,
    detectors: Mapping[str, Detector],
    thresholds: Mapping[str, float],
    told: Callable[[float], None] | None = None,
) -> Sweep:
    """Ask every model about every value, a few scans a pass.

    Args:
        changes: of all scans alike; its lesion gives the other properties.
        detectors, thresholds: by model's name.
        told: gets the share that is done, above 0 up to 1, after each pass; what it raises ends the sweep.

    Raises:
        ConfigError: as `scan_at`.
    """
    values = np.asarray(values, float)
    found: list[tuple[Prediction, ...]] = []  # one of each model, a value each
    for start in range(0, len(values), BATCH):
        some = values[start : start + BATCH].tolist()
        scans = [scan_at(scan, changes, quantity, value) for value in some]
        answers = []
        for number, detector in enumerate(detectors.values(), 1):
            answers.append(detector.predict(scans))
            if told:
                told((start + len(some) * number / len(detectors)) / len(values))
        found += [input_gate.shared(of_scan) for of_scan in zip(*answers, strict=True)]
    probabilities = {
        name: np.array([of_scan[i].probability for of_scan in found], float) for i, name in enumerate(detectors)
    }
    assessed = np.array([all(answer.assessed for answer in of_scan) for of_scan in found], bool)
    return Sweep(quantity, values, probabilities, assessed, dict(thresholds))


def to_csv(sweep: Sweep, versions: Mapping[str, str]) -> str:
    """A line a value: the quantity, and of each model its version, the probability, the threshold and the label."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parts = ("version", "probability", "threshold", "label")
    writer.writerow([sweep.quantity, *(f"{name}_{part}" for name in sweep.probabilities for part in parts)])
    for i, value in enumerate(sweep.values.tolist()):
        row: list[object] = [value]
        for name, found in sweep.probabilities.items():
            row += [versions[name], round(float(found[i]), 6), sweep.thresholds[name], _label(sweep, name, i)]
        writer.writerow(row)
    return text.getvalue()


def _label(sweep: Sweep, model: str, i: int) -> str:
    if not sweep.assessed[i]:
        return "not classified"
    return "tumor" if sweep.called(model)[i] else "no tumor"
