"""ResNet50 (He et al. 2015, arXiv:1512.03385) with the two-branch head of the brief, in one flat graph."""

from __future__ import annotations

import keras
from keras import layers

from brain_core.preprocessing import INPUT_SIZE

LAST_FEATURE_MAP = "conv5_block3_out"
LAST_CONVOLUTION = "conv5_block3_3_conv"
FEATURES = 2048  # channels of the last feature map
STRIDE = 32  # pixels of the input a cell of it
STAGES = ("conv1", "conv2", "conv3", "conv4", "conv5")
_BRANCHES = 2
AFTER_POOLING = tuple(f"branch{i}" for i in range(1, _BRANCHES + 1))  # the layers that take the pooled features


def build(size: int = INPUT_SIZE) -> keras.Model:
    """Backbone with random weights, global average pooling, head.

    Input: float32 (N, size, size, 3) as Keras' ``resnet.preprocess_input`` gives it.
    Output: (N, 1), the probability of a tumour.
    """
    backbone = build_backbone(size)
    x = layers.GlobalAveragePooling2D(name="average")(backbone.output)
    return keras.Model(backbone.inputs[0], _head(x), name="resnet50")


def build_backbone(size: int | None = INPUT_SIZE) -> keras.Model:
    """ResNet50 without its top and with random weights; its output is (N, size/32, size/32, 2048)."""
    inputs = layers.Input((size, size, 3), name="scan")
    return keras.applications.ResNet50(include_top=False, weights=None, input_tensor=inputs, name="resnet50_backbone")


def backbone_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers up to the last feature map, in order."""
    names = [layer.name for layer in model.layers]
    return model.layers[: names.index(LAST_FEATURE_MAP) + 1]


def cut_below(model: keras.Model, unfreeze: int) -> str:
    """The last block output under the backbone's last ``unfreeze`` layers: all up to it stays frozen."""
    names = [layer.name for layer in backbone_layers(model)]
    return [name for name in names[: max(1, len(names) - unfreeze)] if name.endswith("_out") or name == names[0]][-1]


def stage_of(layer_name: str) -> str:
    """``conv1`` ... ``conv5`` for a backbone layer."""
    stage = layer_name.split("_")[0]
    return stage if stage in STAGES else "conv1"


def _head(x):
    x = layers.Add(name="merge")([_dense_block(x, 512, 0.4, name) for name in AFTER_POOLING])
    x = _dense_block(x, 256, 0.4, "dense1")
    x = _dense_block(x, 128, 0.3, "dense2")
    return layers.Dense(1, activation="sigmoid", dtype="float32", name="probability")(x)


def _dense_block(x, units: int, rate: float, name: str):
    x = layers.Dense(units, activation="relu", name=name)(x)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return layers.Dropout(rate, name=f"{name}_dropout")(x)
