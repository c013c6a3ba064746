"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) from the very forward pass that gives the probability.

The graph is split once at the explained layer. The backbone runs once; the head, small, runs under a gradient tape.
What is explained is the logit: the gradient of a saturated sigmoid vanishes just where the model is most certain.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from brain_core.explain.explained import Explained, sign_of
from brain_core.explain.split import Split


class GradCam:
    """Probability and Grad-CAM of a binary classifier in one compiled pass.

    Args:
        model: one sigmoid output; flat or with models nested in it, fresh or reloaded; left as it is.
        layer: name of the layer to explain, at any depth; its output is (N, h, w, channels).

    Raises:
        ModelError: no such layer, it has no spatial output, or the model does not end in a sigmoid unit.
    """

    def __init__(self, model: keras.Model, layer: str):
        self.layer = layer
        self._split = Split.of(model, layer)
        # The target comes in as a number, so that one trace serves both; a batch of any size uses it too.
        image = tf.TensorSpec((None, *self._split.input_shape), tf.float32)
        traced = tf.function(self._forward, input_signature=[image, tf.TensorSpec((), tf.float32)])
        self._pass = traced.get_concrete_function()

    def __call__(self, batch: np.ndarray, target: str = "tumor") -> Explained:
        """Explain ``batch``, float32 (N, height, width, 3) as the model takes it."""
        sign = tf.constant(sign_of(target))
        probability, heatmap, features = self._pass(tf.convert_to_tensor(batch, tf.float32), sign)
        return Explained.of(probability.numpy(), heatmap.numpy(), features.numpy())

    def _forward(self, batch, sign):
        features = self._split.backbone(batch, training=False)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(features)
            logit = logit_of(self._split, self._split.head(features, training=False))
            score = sign * logit
        weight = tf.reduce_mean(tape.gradient(score, features), axis=(1, 2))
        return tf.sigmoid(logit), *weighted(features, weight)


def logit_of(split: Split, penultimate):
    """What the last unit's sigmoid takes, (N,)."""
    return tf.linalg.matvec(penultimate, split.last.kernel[:, 0]) + split.last.bias[0]


def weighted(features, weight):
    """The map of features (N, h, w, channels) under weights (N, channels), and the channels' means and deviations."""
    heatmap = tf.nn.relu(tf.einsum("nhwc,nc->nhw", features, weight))
    spread = tf.math.reduce_std(features, axis=(1, 2))
    return heatmap, tf.concat([tf.reduce_mean(features, axis=(1, 2)), spread], axis=1)
