"""From a scan to a `Prediction`: the one function that the page, the command line and the tests share."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from brain_core import engines, input_gate, overlay
from brain_core.explain.explained import Explained
from brain_core.input_gate import NOT_ASSESSED, UNLIKE
from brain_core.operating_points import OperatingPoint
from brain_core.preprocessing import Box, input_box, places, prepare_batch
from brain_core.registry import ModelCard
from brain_core.scans import Scan, statistics
from brain_core.scans.quality import DESCRIPTIONS, quality_flags
from brain_core.scans.statistics import InputStatistics
from brain_core.settings import settings
from brain_core.settings.engine import EngineSettings

LABELS = ("no tumor", "tumor")
FLAT_MAP = "flat-heatmap"
FLAG_DESCRIPTIONS = DESCRIPTIONS | {
    UNLIKE: input_gate.DESCRIPTION,
    FLAT_MAP: "Nothing in the picture speaks for a tumour in this model's view, so its heatmap is empty.",
}


@dataclass(frozen=True, eq=False)
class Prediction:
    """What one model says of one scan.

    Attributes:
        probability: of a tumour, 0..1, whatever the label.
        label: ``"tumor"`` where ``probability >= operating_point.threshold``.
        heatmap: float32 (h, w), 0..1, Grad-CAM over the square that the model saw; all zero where it is flat.
        box: that square in the scan's pixels.
        flags: codes of `brain_core.scans.quality`, `FLAT_MAP`, and `UNLIKE` where the input gate of any model finds so.
        seconds: for this scan; of a batch, its share.
        unlikeness: of the scan to this model's training data; from 1 on it is unlike them. None without a gate.
        inputs: what the scan looked like.
    """

    model: str
    version: str
    probability: float
    operating_point: OperatingPoint
    label: str
    heatmap: np.ndarray
    box: Box
    flags: tuple[str, ...]
    seconds: float
    unlikeness: float | None = None
    inputs: InputStatistics | None = None

    @property
    def assessed(self) -> bool:
        """Whether probability and label mean anything: not for what is flat or unlike the training data."""
        return not any(flag in NOT_ASSESSED for flag in self.flags)

    @property
    def threshold(self) -> float:
        return self.operating_point.threshold

    def at(self, point: OperatingPoint) -> Prediction:
        """The same probability judged by another operating point."""
        return replace(self, operating_point=point, label=label_of(self.probability, point.threshold))

    def map_on(self, scan: Scan) -> np.ndarray:
        """The heatmap in the scan's own pixels, float32 (height, width), 0..1."""
        return overlay.place(self.heatmap, self.box, scan.height, scan.width)

    def overlay_on(
        self,
        scan: Scan,
        *,
        opacity: float = overlay.DEFAULT_OPACITY,
        colormap: str = overlay.DEFAULT_COLORMAP,
    ) -> np.ndarray:
        """The scan with the heatmap over it, uint8 RGB (height, width, 3)."""
        return overlay.blend(scan.rgb, self.map_on(scan), opacity, colormap)


def label_of(probability: float, threshold: float) -> str:
    """One of `LABELS`: a tumour from the threshold on."""
    return LABELS[int(probability >= threshold)]


class Detector:
    """A model in memory, ready to predict; safe to share between threads.

    Args:
        card: which model.
        engine: what computes its answers; the settings' by default.

    Attributes:
        gate: of its input, None where there is none.

    Raises:
        ModelError: its file is missing or damaged, or the engine cannot take it.
        ConfigError: the engine is not installed.
    """

    def __init__(self, card: ModelCard, engine: EngineSettings | None = None):
        self.card = card
        self.engine = engine or settings().engine
        self._explain = engines.start(card, self.engine)
        self.gate = input_gate.load(card.gate_path, card.sha256)
        self._lock = threading.Lock()
        size = card.preprocessing.size
        self.explain(np.zeros((1, size, size, 3), np.float32))  # compile now, not at the first scan

    def explain(self, batch: np.ndarray, target: str = "tumor") -> Explained:
        """One pass over prepared scans, float32 (N, size, size, 3)."""
        with self._lock:  # one at a time: a pass uses every core anyway, and memory stays bounded
            return self._explain(batch, target)

    def operating_point(self, threshold: float | None = None) -> OperatingPoint:
        """The model's; of a threshold in its place, one that says so."""
        if threshold is None:
            return self.card.operating_point
        return OperatingPoint(threshold, "chosen by the user", "not fitted on data")

    def predict(
        self, scans: Sequence[Scan], *, threshold: float | None = None, target: str = "tumor"
    ) -> list[Prediction]:
        """One prediction a scan, in order.

        Args:
            threshold: in place of the model's operating point.
            target: what Grad-CAM explains, ``"tumor"`` or ``"no tumor"``.
        """
        if not scans:
            return []
        start = time.perf_counter()
        spec = self.card.preprocessing
        explained = self.explain(prepare_batch(list(scans), spec), target)
        seconds = (time.perf_counter() - start) / len(scans)
        point = self.operating_point(threshold)
        unlikeness = self.gate.unlikeness(explained.features).tolist() if self.gate else [None] * len(scans)
        rows = zip(scans, explained.probability.tolist(), explained.heatmap, explained.flat, unlikeness, strict=True)
        return [
            Prediction(
                model=self.card.name,
                version=self.card.version,
                probability=probability,
                operating_point=point,
                label=label_of(probability, point.threshold),
                heatmap=heatmap,
                box=input_box(scan.grey, spec, places(scan)),
                flags=_flags(scan, flat, unlike),
                seconds=seconds,
                unlikeness=unlike,
                inputs=statistics.of(scan),
            )
            for scan, probability, heatmap, flat, unlike in rows
        ]


def _flags(scan: Scan, flat_map: bool, unlikeness: float | None) -> tuple[str, ...]:
    found = {FLAT_MAP: flat_map, UNLIKE: unlikeness is not None and unlikeness >= 1}
    return quality_flags(scan) + tuple(flag for flag, so in found.items() if so)
