"""Which layers of a model can be explained: one a resolution, from fine to coarse."""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers

KINDS = (layers.Conv2D, layers.Activation, layers.ReLU)  # whose outputs are feature maps, not padded or thinned ones


@dataclass(frozen=True)
class FeatureMap:
    """A layer whose output can be explained: ``height`` x ``width`` positions of ``channels`` numbers."""

    layer: str
    height: int
    width: int
    channels: int


def feature_maps(model: keras.Model, own: str) -> tuple[FeatureMap, ...]:
    """The last feature map at each resolution, the finest first, and the model's own.

    Args:
        model: a functional model without others in it.
        own: name of the layer that is explained in service.
    """
    found: dict[tuple[int, int], FeatureMap] = {}
    for layer in model.layers:
        shape = layer.output.shape
        if len(shape) != 4 or not (isinstance(layer, KINDS) or layer.name == own):
            continue
        each, size = FeatureMap(layer.name, *shape[1:]), tuple(shape[1:3])
        if size not in found or found[size].layer != own:
            found[size] = each
    return tuple(sorted(found.values(), key=lambda each: -each.height * each.width))
