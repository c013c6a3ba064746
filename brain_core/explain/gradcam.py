"""Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391) from the very forward pass that gives the probability.

The graph is split once at the explained layer. The backbone runs once; the head, small, runs under a gradient tape.
What is explained is the logit: the gradient of a saturated sigmoid vanishes just where the model is most certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

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


class GradCam:
    """Probability and Grad-CAM of a binary classifier in one compiled pass.

    Args:
        model: one sigmoid output; flat or with models nested in it, fresh or reloaded; left as it is.
        layer: name of the layer to explain, at any depth; its output is (N, h, w, channels).

    Raises:
        ModelError: no such layer, it has no spatial output, or the model does not end in a sigmoid unit.
    """

    def __init__(self, model: keras.Model, layer: str):
        tensors = _tensors(model)
        if layer not in tensors.by_layer:
            raise ModelError(f"Model {model.name}: no layer {layer!r} that leads to the output.")
        features = tensors.by_layer[layer]
        if len(features.shape) != 4:
            raise ModelError(f"Layer {layer!r}: expected an output (N, h, w, channels). Received: {features.shape}.")
        last = tensors.last
        if (
            not isinstance(last, keras.layers.Dense)
            or last.units != 1
            or last.activation is not keras.activations.sigmoid
        ):
            raise ModelError(f"Model {model.name}: expected a final Dense(1, sigmoid). Received: {last}.")
        self.layer = layer
        self._last = last
        self._backbone = keras.Model(tensors.inputs, features, name="backbone")
        self._head = keras.Model(features, tensors.before_last, name="head")
        # The target comes in as a number, so that one trace serves both; a batch of any size uses it too.
        image = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        traced = tf.function(self._forward, input_signature=[image, tf.TensorSpec((), tf.float32)])
        self._pass = traced.get_concrete_function()

    def __call__(self, batch: np.ndarray, target: str = "tumor") -> Explained:
        """Explain ``batch``, float32 (N, height, width, 3) as the model takes it."""
        if target not in TARGETS:
            raise ModelError(f"Target: expected one of {TARGETS}. Received: {target!r}.")
        sign = 1.0 if target == "tumor" else -1.0
        probability, heatmap, features = self._pass(tf.convert_to_tensor(batch, tf.float32), tf.constant(sign))
        heatmap = heatmap.numpy()
        peak = heatmap.max(axis=(1, 2), initial=0)
        flat = ~(peak > FLAT)  # NaN counts as flat
        heatmap = np.where(flat[:, None, None], 0, heatmap / np.where(flat, 1, peak)[:, None, None])
        return Explained(probability.numpy(), heatmap.astype(np.float32), flat, features.numpy())

    def _forward(self, batch, sign):
        features = self._backbone(batch, training=False)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(features)
            penultimate = self._head(features, training=False)
            logit = tf.linalg.matvec(penultimate, self._last.kernel[:, 0]) + self._last.bias[0]
            score = sign * logit
        gradient = tape.gradient(score, features)
        weight = tf.reduce_mean(gradient, axis=(1, 2))
        heatmap = tf.nn.relu(tf.einsum("nhwc,nc->nhw", features, weight))
        spread = tf.math.reduce_std(features, axis=(1, 2))
        return tf.sigmoid(logit), heatmap, tf.concat([tf.reduce_mean(features, axis=(1, 2)), spread], axis=1)


@dataclass(frozen=True)
class _Graph:
    inputs: object
    by_layer: dict[str, object]
    before_last: object
    last: keras.layers.Layer


def _tensors(model: keras.Model) -> _Graph:
    """The model's symbolic tensors by layer; nested models are opened into one flat graph that shares all weights."""
    nested = isinstance(model, keras.Sequential) or any(isinstance(layer, keras.Model) for layer in model.layers)
    if nested:
        inputs = keras.Input(model.input_shape[1:])
        by_layer, calls = {}, []
        _run(model, inputs, by_layer, calls)
        last, (before_last,) = calls[-1]
        return _Graph(inputs, by_layer, before_last, last)
    by_layer = {layer.name: layer.output for layer in model.layers}
    return _Graph(model.inputs[0], by_layer, model.layers[-1].input, model.layers[-1])


def _run(layer: keras.layers.Layer, x, by_layer: dict, calls: list):
    """Call a layer or model on symbolic tensors, opening every model on the way."""
    if isinstance(layer, keras.Sequential):
        for inner in layer.layers:
            x = _run(inner, x, by_layer, calls)
    elif isinstance(layer, keras.Model):
        latest = None

        def call(inner, *arguments, **options):
            nonlocal latest
            nested = isinstance(inner, keras.Model)
            run = (
                _run(inner, arguments[0], by_layer, calls)
                if nested
                else _record(inner, arguments, options, by_layer, calls)
            )
            latest = run
            return run

        # clone_model walks the graph in topological order, so the last call is the one that gives the only output.
        keras.models.clone_model(
            layer, input_tensors=_like(x, layer), clone_function=lambda inner: inner, call_function=call
        )
        x = latest
    else:
        x = _record(layer, (x,), {}, by_layer, calls)
    by_layer[layer.name] = x
    return x


def _record(layer, arguments: tuple, options: dict, by_layer: dict, calls: list):
    output = layer(*arguments, **options)
    by_layer[layer.name] = output
    calls.append((layer, arguments))
    return output


def _like(x, model: keras.Model):
    """``x`` in the structure of the model's input: a tensor, or a list of one."""
    return [x] if isinstance(model.input, list) else x
