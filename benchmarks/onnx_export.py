"""The two networks as ONNX graphs, layer by layer from Keras, so that ONNX Runtime can be measured on the same weights.

Pictures come in as Keras takes them, (N, height, width, 3); inside, channels come first.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

OPSET, IR_VERSION = 18, 9  # read by every runtime of the last years
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid", "linear": None}


def export(model: keras.Model) -> ModelProto:
    """A graph from ``scan``, float32 (N, height, width, 3), to ``probability``, float32 (N, 1).

    Raises:
        KeyError: a layer or an activation that neither network has.
    """
    graph, names = _Graph(), {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            names[layer.output.name] = graph.add("Transpose", ["scan"], perm=[0, 3, 1, 2])
            continue
        inputs = layer.input if isinstance(layer.input, list) else [layer.input]
        names[layer.output.name] = LAYERS[type(layer).__name__](graph, layer, [names[each.name] for each in inputs])
    graph.add("Identity", [names[model.output.name]], output="probability")
    shape = ["N", *model.input_shape[1:]]
    made = helper.make_graph(
        graph.nodes,
        model.name,
        [helper.make_tensor_value_info("scan", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 1])],
        graph.weights,
    )
    found = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(found)
    return found


class _Graph:
    """Nodes and weights, named by number."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def add(self, kind: str, inputs: list[str], *, output: str | None = None, **attributes) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, values) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def activate(self, activation: Callable, x: str) -> str:
        kind = ACTIVATIONS[activation.__name__]
        return self.add(kind, [x]) if kind else x


def _padding(layer) -> dict[str, str]:
    return {"auto_pad": "SAME_UPPER" if layer.padding == "same" else "VALID"}  # Keras pads more below and right


def _convolution(graph: _Graph, layer, inputs: list[str]) -> str:
    kernel, *bias = (graph.weight(w) for w in _channels_first(layer.get_weights()))
    x = graph.add("Conv", [*inputs, kernel, *bias], strides=list(layer.strides), **_padding(layer))
    return graph.activate(layer.activation, x)


def _channels_first(weights: list[np.ndarray]) -> list[np.ndarray]:
    return [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w for w in weights]


def _batch_normalization(graph: _Graph, layer, inputs: list[str]) -> str:
    weights = [graph.weight(w) for w in layer.get_weights()]  # gamma, beta, mean and variance: ONNX' order too
    return graph.add("BatchNormalization", [*inputs, *weights], epsilon=layer.epsilon)


def _pooling(graph: _Graph, layer, inputs: list[str]) -> str:
    return graph.add(
        "MaxPool", inputs, kernel_shape=list(layer.pool_size), strides=list(layer.strides), **_padding(layer)
    )


def _zeros(graph: _Graph, layer, inputs: list[str]) -> str:
    (top, bottom), (left, right) = layer.padding
    name = f"w{len(graph.weights)}"
    graph.weights.append(numpy_helper.from_array(np.array([0, 0, top, left, 0, 0, bottom, right], np.int64), name))
    return graph.add("Pad", [*inputs, name])


def _average(graph: _Graph, layer, inputs: list[str]) -> str:
    return graph.add("Flatten", [graph.add("GlobalAveragePool", inputs)])


def _dense(graph: _Graph, layer, inputs: list[str]) -> str:
    return graph.activate(layer.activation, graph.add("Gemm", [*inputs, *map(graph.weight, layer.get_weights())]))


LAYERS: dict[str, Callable[[_Graph, keras.layers.Layer, list[str]], str]] = {
    "Conv2D": _convolution,
    "BatchNormalization": _batch_normalization,
    "MaxPooling2D": _pooling,
    "ZeroPadding2D": _zeros,
    "GlobalAveragePooling2D": _average,
    "Dense": _dense,
    "Activation": lambda graph, layer, inputs: graph.activate(layer.activation, *inputs),
    "Add": lambda graph, layer, inputs: graph.add("Add", inputs),
    "Dropout": lambda graph, layer, inputs: inputs[0],
}
