"""BatchNorm's statistics measured on the whole training set, in place of the running mean that training leaves.

Wu and Johnson 2021, 'Rethinking "Batch" in BatchNorm', arXiv:2105.07576: the running mean lags behind weights that
still move, the more so the fewer steps there are (a few hundred here, where a momentum of 0.99 remembers the last
hundred), and dropout widens what a later layer sees in training but not in service.
"""

from __future__ import annotations

import keras
import numpy as np

from brain_core.preprocessing import BATCH


def measure(model: keras.Model, scans: np.ndarray) -> None:
    """Set mean and variance of each BatchNorm layer, from the input on, to those of its input in inference.

    Args:
        scans: float32 (N, ...), as ``model`` takes them. Layers that are not trainable keep what they have.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            mean, variance = _moments(keras.Model(model.inputs[0], layer.input), scans)
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign(variance)


def _moments(below: keras.Model, scans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By channel, over scans and positions: float64, summed in batches."""
    count, total, squared = 0, 0.0, 0.0
    for start in range(0, len(scans), BATCH):
        seen = keras.ops.convert_to_numpy(below(scans[start : start + BATCH], training=False)).astype(float)
        seen = seen.reshape(-1, seen.shape[-1])
        count, total, squared = count + len(seen), total + seen.sum(axis=0), squared + (seen**2).sum(axis=0)
    mean = total / count
    return mean, np.maximum(squared / count - mean**2, 0)
