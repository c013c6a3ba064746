"""Probability and Grad-CAM as forward operations alone, for engines that know no gradients.

Grad-CAM wants of the gradient no more than its sum over the positions of each channel. Backwards through what lies
between a feature map and its pooling that sum is simple: global average pooling hands its gradient on once, a maximum
over windows that do not overlap gives each window's gradient to one position, batch normalisation scales a channel,
dropout does nothing. Behind the pooling are vectors, and the chain rule of Dense layers (Rumelhart et al. 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import layers

from brain_core.errors import ModelError
from brain_core.explain.gradcam import logit_of, weighted
from brain_core.explain.split import Split, like


@dataclass(frozen=True, eq=False)
class _Step:
    """A layer of the head as it was called: names of what it took, and of what it gave."""

    layer: layers.Layer
    inputs: tuple[int, ...]
    output: int


def closed_form(split: Split) -> tf.types.experimental.ConcreteFunction:
    """One graph from (batch (N, height, width, 3), sign ()) to (probability (N,), map (N, h, w), features (N, 2c)).

    Equal to what `GradCam` computes before it scales the map, up to rounding. The weights last as long as the caller
    keeps ``split``.

    Raises:
        ModelError: the head holds a layer for which no rule is known.
    """
    steps = _steps(split.head)
    for step in steps:
        _rule_of(step)

    def forward(batch, sign):
        features = split.backbone(batch, training=False)
        found = {id(split.head.inputs[0]): features}
        for step in steps:
            taken = [found[key] for key in step.inputs]
            found[step.output] = step.layer(taken if len(taken) > 1 else taken[0], training=False)
        logit = logit_of(split, found[steps[-1].output])
        total = _summed_gradient(split, steps, found, sign)
        positions = split.backbone.output.shape[1] * split.backbone.output.shape[2]
        return tf.sigmoid(logit), *weighted(features, total / positions)

    image = tf.TensorSpec((None, *split.input_shape), tf.float32, name="batch")
    sign = tf.TensorSpec((), tf.float32, name="sign")
    return tf.function(forward, input_signature=[image, sign]).get_concrete_function()


def _summed_gradient(split: Split, steps: list[_Step], found: dict, sign):
    """Of ``sign`` times the logit, by the features, summed over their positions: (N, channels)."""
    last = found[steps[-1].output]
    gradient = {steps[-1].output: sign * tf.ones_like(last) * split.last.kernel[:, 0]}
    for step in reversed(steps):
        upstream = gradient.get(step.output)
        if upstream is None:  # leads nowhere
            continue
        downstream = _rule_of(step)(step.layer, found[step.output], upstream)
        for key in step.inputs:
            gradient[key] = gradient[key] + downstream if key in gradient else downstream
    return gradient[id(split.head.inputs[0])]


def _steps(head: keras.Model) -> list[_Step]:
    """The calls of the head's layers, in an order in which each finds its inputs."""
    steps: list[_Step] = []
    kept = []  # tensors are named by their identity, so none may be freed meanwhile

    def call(layer, *arguments, **options):
        output = layer(*arguments, **options)
        taken = arguments[0] if isinstance(arguments[0], list | tuple) else [arguments[0]]
        kept.extend([*taken, output])
        steps.append(_Step(layer, tuple(id(each) for each in taken), id(output)))
        return output

    keras.models.clone_model(
        head, input_tensors=like(head.inputs[0], head), clone_function=lambda layer: layer, call_function=call
    )
    return steps


def _rule_of(step: _Step):
    for kind, applies, rule in _RULES:
        if isinstance(step.layer, kind) and applies(step.layer):
            return rule
    raise ModelError(f"Layer {step.layer.name!r} ({type(step.layer).__name__}): its gradient has no closed form here.")


def _same(layer, output, upstream):
    return upstream


def _normalised(layer, output, upstream):
    scale = tf.math.rsqrt(layer.moving_variance + layer.epsilon)
    return upstream * (scale * layer.gamma if layer.scale else scale)


def _linear(layer, output, upstream):
    return tf.linalg.matmul(upstream, layer.kernel, transpose_b=True)


def _rectified(layer, output, upstream):
    return _linear(layer, output, tf.where(output > 0, upstream, tf.zeros_like(upstream)))


def _apart(layer) -> bool:
    """Windows that do not overlap: then, and without padding, each gives its gradient to one position."""
    return tuple(layer.strides) == tuple(layer.pool_size) and layer.padding == "valid"


def _always(layer) -> bool:
    return True


def _activated_by(function):
    return lambda layer: layer.activation is function


_RULES = (
    (layers.Dropout, _always, _same),
    (layers.Add, _always, _same),
    (layers.GlobalAveragePooling2D, lambda layer: not layer.keepdims, _same),
    (layers.MaxPooling2D, _apart, _same),
    (layers.BatchNormalization, _always, _normalised),
    (layers.Dense, _activated_by(keras.activations.relu), _rectified),
    (layers.Dense, _activated_by(keras.activations.linear), _linear),
)
