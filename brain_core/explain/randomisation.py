"""The sanity check of Adebayo et al. 2018 (arXiv:1810.03292): a map that ignores what was learned explains nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np
from scipy.stats import spearmanr


@dataclass(frozen=True, eq=False)
class Shuffled:
    """A map with some layers' weights shuffled.

    Attributes:
        layer: the one that was shuffled last; all above it were before. Empty for the model as it is.
        heatmap: float32 (h, w).
        similarity: Spearman's rank correlation with the map of the model as it is, -1..1; None where one is even.
    """

    layer: str
    heatmap: np.ndarray
    similarity: float | None


def cascade(
    model: keras.Model, explain: Callable[[keras.Model], np.ndarray], *, seed: int = 0, layers: int = 8
) -> Iterator[Shuffled]:
    """Shuffle the weights of a copy, layer by layer from the output down, and explain after each.

    Args:
        model: left as it is.
        explain: from a model to its map, float (h, w).
        layers: at most so many steps, evenly spread over the layers with a kernel.
    """
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    first = explain(copy)
    yield Shuffled("", first, 1.0 if np.ptp(first) else None)
    rng = np.random.default_rng(seed)
    kernels = layers_with_kernel(copy)[::-1]
    stops = {round(i) for i in np.linspace(0, len(kernels) - 1, min(layers, len(kernels)))}
    for number, layer in enumerate(kernels):
        layer.set_weights([rng.permuted(weight.ravel()).reshape(weight.shape) for weight in layer.get_weights()])
        if number in stops:
            found = explain(copy)
            yield Shuffled(layer.name, found, _similarity(first, found))


def layers_with_kernel(model: keras.Model) -> list[keras.layers.Layer]:
    """From the input to the output."""
    return [layer for layer in model.layers if hasattr(layer, "kernel")]


def _similarity(one: np.ndarray, other: np.ndarray) -> float | None:
    if not (np.ptp(one) and np.ptp(other)):
        return None
    return float(spearmanr(one, other, axis=None).statistic)
