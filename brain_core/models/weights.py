"""Weights from elsewhere: Keras' ImageNet download, a file on disk, or features pretrained on brain MRI."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import numpy as np

from brain_core.errors import DownloadError, ModelError
from brain_core.models.resnet50 import LAST_FEATURE_MAP, backbone_layers

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
    found = _read(path)
    missing = []
    for layer in _receiving(model):
        if not layer.weights:
            continue
        values = [found.get((layer.name, variable.name)) for variable in layer.weights]
        if any(value is None for value in values):
            missing.append(layer.name)
            continue
        shapes = [tuple(variable.shape) for variable in layer.weights]
        if [value.shape for value in values] != shapes:
            raise ModelError(
                f"{path.name}: layer {layer.name}: expected shapes {shapes}. Received: {[v.shape for v in values]}."
            )
        layer.set_weights([np.asarray(value, np.float32) for value in values])
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


def read_model(path: Path) -> keras.Model:
    """A ``.keras`` file.

    Raises:
        ModelError: no such file, or none that can be read.
    """
    if not path.is_file():
        raise ModelError(f"Model to start from: no such file: {path}.")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path.name}: cannot be read as a model ({error}).") from error


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
    return any(name == layer for name, _ in _read(Path(path)))


def load_npz_by_name(model: keras.Model, path: str | Path) -> None:
    """All weights of any Keras model from a ``<layer>/<variable>`` npz (a teacher, say).

    Raises:
        ModelError: a layer of the model is not in the file.
    """
    found = _read(Path(path))
    for layer in model.layers:
        try:
            layer.set_weights([found[layer.name, variable.name] for variable in layer.weights])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"{Path(path).name}: does not fit {model.name} at layer {layer.name} ({error})."
            ) from error


def _read(path: Path) -> dict[tuple[str, str], np.ndarray]:
    """(layer, variable) -> array, from any of the layouts."""
    if not path.is_file():
        raise ModelError(f"Weights file: no such file: {path}.")
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return {tuple(key.rsplit("/", 1)): file[key].astype(np.float32) for key in file.files}
        if path.suffix == ".keras":
            model = keras.models.load_model(path, compile=False, safe_mode=True)
            return {(lay.name, v.name): np.asarray(v) for lay in model.layers for v in lay.weights}
        if path.suffix in (".h5", ".hdf5"):
            return _read_h5(path)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path.name}: cannot be read as weights ({error}).") from error
    raise ModelError(f"{path.name}: expected a .npz, .h5 or .keras file.")


def _read_h5(path: Path) -> dict[tuple[str, str], np.ndarray]:
    """Keras' legacy layout: a group a layer, datasets named ``<layer>/<variable>:0`` somewhere below it."""
    found = {}
    with h5py.File(path, "r") as file:

        def visit(name: str, node) -> None:
            if isinstance(node, h5py.Dataset):
                parts = name.split("/")
                found[parts[0], parts[-1].split(":")[0]] = np.asarray(node)

        file.get("model_weights", file).visititems(visit)
    return found


def _receiving(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that a weights file is about: ResNet50's backbone without its head, all of any other model."""
    is_resnet = any(layer.name == LAST_FEATURE_MAP for layer in model.layers)
    return backbone_layers(model) if is_resnet else model.layers
