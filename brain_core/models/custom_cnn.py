"""The small convolutional network of the brief, trained from scratch."""

from __future__ import annotations

import keras
from keras import layers

from brain_core.preprocessing import INPUT_SIZE

FILTERS = (16, 32, 64)
AFTER_POOLING = ("dense1",)  # the layers that take the pooled features
_BLOCK_ENDS = tuple(f"dropout{i}" for i in range(1, len(FILTERS) + 1))


def build(size: int = INPUT_SIZE) -> keras.Model:
    """[Conv + BatchNorm + MaxPool + Dropout] x 3, global average pooling, 128, 64, 1: 40,673 parameters.

    Input: float32 (N, size, size, 3), RGB/255. Output: (N, 1), the probability of a tumour.
    """
    backbone = build_backbone(size)
    x = layers.GlobalAveragePooling2D(name="average")(backbone.output)
    for i, (units, rate) in enumerate(((128, 0.5), (64, 0.3)), 1):
        x = layers.Dense(units, activation="relu", name=f"dense{i}")(x)
        x = layers.Dropout(rate, name=f"dense{i}_dropout")(x)
    outputs = layers.Dense(1, activation="sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(backbone.inputs[0], outputs, name="custom_cnn")


def build_backbone(size: int | None = INPUT_SIZE) -> keras.Model:
    """The convolutional blocks alone; the output is (N, size/8, size/8, 64)."""
    x = inputs = layers.Input((size, size, 3), name="scan")
    for i, filters in enumerate(FILTERS, 1):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{i}")(x)
        x = layers.BatchNormalization(name=f"bn{i}")(x)
        x = layers.MaxPooling2D(name=f"pool{i}")(x)
        x = layers.Dropout(0.25, name=f"dropout{i}")(x)
    return keras.Model(inputs, x, name="custom_cnn_backbone")


def backbone_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers before the pooling, in order: the input and 12 more."""
    names = [layer.name for layer in model.layers]
    return model.layers[: names.index(_BLOCK_ENDS[-1]) + 1]


def cut_below(model: keras.Model, unfreeze: int) -> str | None:
    """The last block output under the backbone's last ``unfreeze`` layers; None where no block stays frozen."""
    names = [layer.name for layer in backbone_layers(model)]
    return next((name for name in reversed(names[: max(1, len(names) - unfreeze)]) if name in _BLOCK_ENDS), None)
