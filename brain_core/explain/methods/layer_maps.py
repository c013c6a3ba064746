"""Maps from the feature map A of a layer and the gradient g of the target's logit by it: the kin of Grad-CAM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from brain_core.explain.gradcam import logit_of
from brain_core.explain.split import Split


@dataclass(frozen=True, eq=False)
class Layer:
    """What the methods of this module start from.

    Attributes:
        features: float32 (h, w, channels), the layer's output.
        gradient: float32 (h, w, channels), of the target's logit.
        logit: of a tumour, whatever the target.
    """

    features: np.ndarray
    gradient: np.ndarray
    logit: float

    @property
    def weights(self) -> np.ndarray:
        """Of Grad-CAM: the gradient's mean over the positions, float32 (channels,)."""
        return self.gradient.mean(axis=(0, 1))


def look(split: Split, scan: np.ndarray, sign: float) -> Layer:
    """One pass forward and, through the head alone, one back.

    Args:
        scan: float32 (height, width, 3), as the model takes it.
        sign: 1 where the tumour is explained, -1 where its absence is.
    """
    features = split.backbone(tf.convert_to_tensor(scan[None], tf.float32), training=False)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(features)
        logit = logit_of(split, split.head(features, training=False))
        score = sign * logit
    gradient = tape.gradient(score, features)
    return Layer(features[0].numpy(), gradient[0].numpy(), float(logit[0]))


def gradcam(split: Split, scan: np.ndarray, sign: float) -> np.ndarray:
    """See `METHODS`; float32 (h, w), 0 or more, as are all maps here."""
    found = look(split, scan, sign)
    return _positive(found.features @ found.weights)


def gradcam_plus_plus(split: Split, scan: np.ndarray, sign: float) -> np.ndarray:
    """See `METHODS`. The score is the exponential of the logit, as its authors choose for a closed form."""
    found = look(split, scan, sign)
    return _positive(found.features @ plus_plus_weights(found))


def plus_plus_weights(found: Layer) -> np.ndarray:
    """Of Grad-CAM++, float32 (channels,), up to the factor exp(logit), which is the same for all."""
    gradient = found.gradient
    below = 2 * gradient**2 + gradient**3 * found.features.sum(axis=(0, 1))
    alpha = np.divide(gradient**2, below, out=np.zeros_like(gradient), where=below != 0)
    return (alpha * np.maximum(gradient, 0)).sum(axis=(0, 1))


def hirescam(split: Split, scan: np.ndarray, sign: float) -> np.ndarray:
    """See `METHODS`."""
    found = look(split, scan, sign)
    return _positive((found.gradient * found.features).sum(axis=2))


def layercam(split: Split, scan: np.ndarray, sign: float) -> np.ndarray:
    """See `METHODS`."""
    found = look(split, scan, sign)
    return _positive((np.maximum(found.gradient, 0) * found.features).sum(axis=2))


def _positive(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0).astype(np.float32)
