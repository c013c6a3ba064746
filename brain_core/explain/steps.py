"""Grad-CAM (Selvaraju et al. 2017) taken apart: every number between a scan and its map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brain_core.explain.explained import FLAT

if TYPE_CHECKING:
    from brain_core.explain.methods.layer_maps import Layer


@dataclass(frozen=True, eq=False)
class Steps:
    """Grad-CAM of one scan and target.

    Attributes:
        features: A, float32 (h, w, channels): the layer's output.
        gradient: g, float32 (h, w, channels): of the target's logit by each of its values.
        weights: float32 (channels,): the mean of ``gradient`` over the positions.
        weighted: float32 (h, w): the sum over the channels of weight times feature map.
        positive: float32 (h, w): ``weighted`` where it is above 0, else 0.
        map: float32 (h, w), 0..1: ``positive`` by its maximum; all zero where it is ``flat``.
        logit: of a tumour, whatever the target.
    """

    features: np.ndarray
    gradient: np.ndarray
    weights: np.ndarray
    weighted: np.ndarray
    positive: np.ndarray
    map: np.ndarray
    flat: bool
    logit: float

    @staticmethod
    def of(found: Layer) -> Steps:
        """Worked out from one pass forward and back, see `brain_core.explain.methods.layer_maps.look`."""
        weighted = found.features @ found.weights
        positive = np.maximum(weighted, 0)
        flat = not FLAT < positive.max() < np.inf
        scaled = np.zeros_like(positive) if flat else positive / positive.max()
        return Steps(
            found.features, found.gradient, found.weights, weighted, positive, scaled, flat=flat, logit=found.logit
        )

    @property
    def probability(self) -> float:
        """Of a tumour, 0..1."""
        return float(1 / (1 + np.exp(-np.float64(self.logit))))

    @property
    def shares(self) -> np.ndarray:
        """What each channel adds to the map, float32 (channels,).

        The mean over the positions of weight times feature map, each position counted by its heat; all alike where
        the map is flat.
        """
        heat = np.ones_like(self.map) if self.flat else self.map
        return self.weights * np.tensordot(heat, self.features, axes=2) / heat.sum()

    def strongest(self, n: int) -> np.ndarray:
        """The channels whose shares are largest, for the target or against it, int (n or fewer,); the largest first."""
        return np.argsort(-np.abs(self.shares), kind="stable")[:n]
