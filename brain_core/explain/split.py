"""A classifier split once at the layer to explain: backbone before it, head behind it, in one flat graph each."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from brain_core.errors import ModelError


@dataclass(frozen=True, eq=False)
class Split:
    """Two models that share all weights with the classifier, and its last unit.

    Attributes:
        layer: the name of the explained layer.
        backbone: from the input to the output of that layer, (N, h, w, channels).
        head: from there to what the last unit takes, (N, units).
        last: a Dense layer of one unit with a sigmoid.
        input_shape: of one scan, (height, width, 3).
    """

    layer: str
    backbone: keras.Model
    head: keras.Model
    last: keras.layers.Dense
    input_shape: tuple[int, int, int]

    @staticmethod
    def of(model: keras.Model, layer: str) -> Split:
        """Split a binary classifier, flat or with models nested in it, fresh or reloaded; it is left as it is.

        Raises:
            ModelError: no such layer, it has no spatial output, or the model does not end in a sigmoid unit.
        """
        tensors = _tensors(model)
        if layer not in tensors.by_layer:
            raise ModelError(f"Model {model.name}: no layer {layer!r} that leads to the output.")
        features, last = tensors.by_layer[layer], tensors.last
        if len(features.shape) != 4:
            raise ModelError(f"Layer {layer!r}: expected an output (N, h, w, channels). Received: {features.shape}.")
        sigmoid = isinstance(last, keras.layers.Dense) and last.activation is keras.activations.sigmoid
        if not sigmoid or last.units != 1:
            raise ModelError(f"Model {model.name}: expected a final Dense(1, sigmoid). Received: {last}.")
        return Split(
            layer,
            keras.Model(tensors.inputs, features, name="backbone"),
            keras.Model(features, tensors.before_last, name="head"),
            last,
            tuple(model.input_shape[1:]),
        )


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
            layer, input_tensors=like(x, layer), clone_function=lambda inner: inner, call_function=call
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


def like(x, model: keras.Model):
    """``x`` in the structure of the model's input: a tensor, or a list of one."""
    return [x] if isinstance(model.input, list) else x
