"""Weights from elsewhere: Keras' ImageNet download, a file on disk, or features pretrained on brain MRI.

A ``.keras`` file can carry code. Of one from outside numbers are taken and nothing else: no layer of it is ever built.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from brain_core.errors import DownloadError, ModelError
from brain_core.models.resnet50 import LAST_FEATURE_MAP, backbone_layers
from brain_core.models.weights_file import Arrays, model_name, read

IMAGENET, PRETRAINED = "imagenet", "pretrained"


def load_imagenet(model: keras.Model) -> None:
    """Keras' own ImageNet weights into the backbone layers of ``model``, downloaded on first use.

    Raises:
        DownloadError: no network, or the download broke off.
    """
    try:
        source = keras.applications.ResNet50(include_top=False, weights="imagenet")
    except Exception as error:  # urllib, ssl, socket, checksum: Keras passes on whatever came
        raise DownloadError(
            "The ImageNet weights of ResNet50 could not be downloaded "
            f"({error}). Without a network, name a weights file (--backbone FILE) or the backbone pretrained on brain "
            "MRI (--backbone pretrained)."
        ) from error
    by_name = {layer.name: layer.get_weights() for layer in source.layers}
    for layer in backbone_layers(model):
        if layer.weights:
            layer.set_weights(by_name[layer.name])


def load_file(model: keras.Model, path: str | Path, *, complete: bool = True) -> list[str]:
    """Weights from disk into the backbone layers of a ResNet50, or all layers of another model, matched by name.

    Args:
        path: ``.npz`` with keys ``<layer>/<variable>``, Keras' ``.h5`` / ``.weights.h5`` of ResNet50, or ``.keras``.
        complete: require every backbone layer; else take the layers that are there.

    Returns:
        The names of the layers that the file did not hold.

    Raises:
        ModelError: not such a file, a shape that does not fit, or layers missing while ``complete``.
    """
    path = Path(path)
    receiving = [layer for layer in _receiving(model) if layer.weights]
    missing = _fill(receiving, read(path), path.name)
    if len(missing) == len(receiving):
        raise ModelError(f"{path.name}: holds weights of no layer of {model.name}.")
    if missing and complete:
        raise ModelError(
            f"{path.name}: {len(missing)} layers of {model.name} are missing, the first is {missing[0]}; "
            "all are needed. 'pretrain --init FILE' learns the missing ones."
        )
    return missing


def load_whole(model: keras.Model, source: keras.Model) -> None:
    """All weights of a trained model into one of the same architecture.

    Raises:
        ModelError: their shapes differ.
    """
    wanted, found = ([tuple(w.shape) for w in each.weights] for each in (model, source))
    if wanted != found:
        raise ModelError(f"The model to start from is no {model.name} of this program's architecture.")
    model.set_weights(source.get_weights())


def load_trained(model: keras.Model, path: Path) -> None:
    """All weights of a trained model of the same architecture, from its ``.keras`` file.

    Raises:
        ModelError: no such file, none that can be read, or one of another architecture.
    """
    if not path.is_file():
        raise ModelError(f"Model to start from: no such file: {path}.")
    if (found := model_name(path)) != model.name:
        raise ModelError(f"{path.name}: expected a model of {model.name}. Received: one of {found}.")
    if _fill([layer for layer in model.layers if layer.weights], read(path), path.name):
        raise ModelError(f"{path.name}: the model to start from is no {model.name} of this program's architecture.")


def save_npz(model: keras.Model, path: str | Path) -> None:
    """Write a ``.npz`` that `load_file` reads, float16, with keys ``<layer>/<variable>``.

    Of a ResNet50 the backbone's layers, of another model all.
    """
    arrays = {
        f"{layer.name}/{variable.name}": np.asarray(value, np.float16)
        for layer in _receiving(model)
        for variable, value in zip(layer.weights, layer.get_weights(), strict=True)
    }
    with Path(path).open("wb") as file:
        np.savez_compressed(file, **arrays)


def holds_layer(path: str | Path, layer: str) -> bool:
    """Whether a weights file has weights for the layer of that name."""
    return any(name == layer for name, _ in read(Path(path)))


def load_npz_by_name(model: keras.Model, path: str | Path) -> None:
    """All weights of any Keras model from a ``<layer>/<variable>`` npz (a teacher, say).

    Raises:
        ModelError: a layer of the model is not in the file.
    """
    found = read(Path(path))
    for layer in model.layers:
        try:
            layer.set_weights([found[layer.name, variable.name] for variable in layer.weights])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"{Path(path).name}: does not fit {model.name} at layer {layer.name} ({error})."
            ) from error


def _fill(receiving: list[keras.layers.Layer], found: Arrays, name: str) -> list[str]:
    """Layers by name; returns those that are not in ``found``."""
    missing = []
    for layer in receiving:
        values = [
            found.get((layer.name, variable.name), found.get((layer.name, str(place))))
            for place, variable in enumerate(layer.weights)
        ]
        if any(value is None for value in values):
            missing.append(layer.name)
            continue
        shapes = [tuple(variable.shape) for variable in layer.weights]
        if [value.shape for value in values] != shapes:
            raise ModelError(
                f"{name}: layer {layer.name}: expected shapes {shapes}. Received: {[v.shape for v in values]}."
            )
        layer.set_weights([np.asarray(value, np.float32) for value in values])
    return missing


def _receiving(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that a weights file is about: ResNet50's backbone without its head, all of any other model."""
    is_resnet = any(layer.name == LAST_FEATURE_MAP for layer in model.layers)
    return backbone_layers(model) if is_resnet else model.layers
