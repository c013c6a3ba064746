"""Arrays out of a weights file from outside: numbers alone, no code, no other file, and no more than memory holds."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np

from brain_core.errors import ModelError

SUFFIXES = (".npz", ".h5", ".hdf5", ".keras")
MOST_BYTES = 500_000_000  # of all arrays together; ResNet50 and its head have 100 MB
CONFIG, WEIGHTS = "config.json", "model.weights.h5"  # members of a .keras file
Arrays = dict[tuple[str, str], np.ndarray]


def read(path: Path) -> Arrays:
    """(layer, variable) -> float32; the variable is its name, or its place in the layer where the file tells no name.

    Raises:
        ModelError: no such file, none of a kind that is read, or damaged.
    """
    if not path.is_file():
        raise ModelError(f"Weights file: no such file: {path}.")
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path.name}: expected a .npz, .h5 or .keras file.")
    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        source = io.BytesIO(_member(path, WEIGHTS)) if path.suffix == ".keras" else path
        with h5py.File(source, "r") as file:
            return _read_h5(file)
    except ModelError:
        raise
    except Exception as error:  # zipfile, numpy and h5py meet damage with many kinds of errors
        raise ModelError(
            f"{path.name}: cannot be read as weights: damaged or of another kind ({type(error).__name__})."
        ) from error


def model_name(path: Path) -> str:
    """What the model in a ``.keras`` file calls itself; nothing of it is built.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        return str(json.loads(_member(path, CONFIG))["config"]["name"])
    except ModelError:
        raise
    except Exception as error:  # zipfile and json meet damage with many kinds of errors
        raise ModelError(
            f"{path.name}: cannot be read as a model: damaged or of another kind ({type(error).__name__})."
        ) from error


def _member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        _check_size(archive.getinfo(name).file_size, path.name)
        return archive.read(name)


def _read_npz(path: Path) -> Arrays:
    with zipfile.ZipFile(path) as archive:
        _check_size(sum(info.file_size for info in archive.infolist()), path.name)
    with np.load(path, allow_pickle=False) as file:
        return {key.rpartition("/")[::2]: file[key].astype(np.float32) for key in file.files}


def _read_h5(file: h5py.File) -> Arrays:
    """Both of Keras' layouts: a group a layer with ``<layer>/<variable>:0`` somewhere below, and numbers in ``vars``.

    Links into other files are not followed.
    """
    found: Arrays = {}
    total = 0

    def visit(name: str, node: h5py.Group | h5py.Dataset) -> None:
        nonlocal total
        if not isinstance(node, h5py.Dataset):
            return
        if node.external or node.is_virtual:
            raise ModelError("Weights file: its numbers lie in another file; expected one that holds them itself.")
        total += node.size * node.dtype.itemsize
        _check_size(total, "Weights file")
        layer, variable = name.split("/")[0], name.split("/")[-1].split(":")[0]
        layer = node.parent.attrs.get("name", layer) if variable.isdecimal() else layer
        found[str(layer), variable] = np.asarray(node, np.float32)

    file.get("model_weights", file).visititems(visit)
    return found


def _check_size(size: int, name: str) -> None:
    if size > MOST_BYTES:
        raise ModelError(f"{name}: claims {size / 1e6:.0f} MB of weights; up to {MOST_BYTES / 1e6:.0f} MB are read.")
