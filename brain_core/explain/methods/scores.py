"""The logit of a tumour, and its gradient by the pixels, for methods that change the scan."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from brain_core.explain.gradcam import logit_of
from brain_core.explain.split import Split


def logits(split: Split, batch: np.ndarray) -> np.ndarray:
    """Of scans (N, height, width, 3) as the model takes them: float32 (N,)."""
    return _logits(split, tf.convert_to_tensor(batch, tf.float32)).numpy()


def pixel_gradients(split: Split, batch: np.ndarray) -> np.ndarray:
    """Of each scan's logit by its own pixels: float32 (N, height, width, 3)."""
    pixels = tf.convert_to_tensor(batch, tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pixels)
        logit = _logits(split, pixels)
    return tape.gradient(logit, pixels).numpy()


def _logits(split: Split, batch):
    return logit_of(split, split.head(split.backbone(batch, training=False), training=False))
