"""What an explaining pass gives, whatever computed it; nothing here needs TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.errors import ModelError

TARGETS = ("tumor", "no tumor")
FLAT = 1e-8  # a map whose maximum is not above this has no direction; it is reported, not stretched


@dataclass(frozen=True, eq=False)
class Explained:
    """Result of one pass over N inputs.

    Attributes:
        probability: float32 (N,), of a tumour.
        heatmap: float32 (N, h, w), 0..1, each map's maximum is 1; all zero where ``flat``.
        flat: bool (N,): no position of the map speaks for the target.
        features: float32 (N, 2 * channels), mean and standard deviation of each channel of the explained layer.
    """

    probability: np.ndarray
    heatmap: np.ndarray
    flat: np.ndarray
    features: np.ndarray

    @staticmethod
    def of(probability: np.ndarray, heatmap: np.ndarray, features: np.ndarray) -> Explained:
        """From what a pass computed; ``heatmap`` is float (N, h, w), 0 or more, of any scale."""
        peak = heatmap.max(axis=(1, 2), initial=0)
        flat = ~((peak > FLAT) & np.isfinite(peak))  # what is no number counts as flat
        scaled = np.where(flat[:, None, None], 0, heatmap / np.where(flat, 1, peak)[:, None, None])
        return Explained(probability, scaled.astype(np.float32), flat, features)


def sign_of(target: str) -> float:
    """1 where the tumour is explained, -1 where its absence is.

    Raises:
        ModelError: neither.
    """
    if target not in TARGETS:
        raise ModelError(f"Target: expected one of {TARGETS}. Received: {target!r}.")
    return 1.0 if target == TARGETS[0] else -1.0
