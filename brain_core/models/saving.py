"""Small model files: float32 for whoever loads them, with mantissas rounded to what float16 keeps, then deflated."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from brain_core.files import replacing

_DROPPED_BITS = 13  # of float32's 23-bit mantissa; float16 keeps 10


def save_compact(model: keras.Model, path: Path) -> None:
    """Write ``model`` as a ``.keras`` file that a plain ``load_model`` reads; ``model`` itself is left as it is.

    Graph and weights only: the optimizer's state would triple the size. The file is written in one step: whoever
    reads ``path`` sees the old file or the new.
    """
    uncompiled = type(model).from_config(model.get_config())
    uncompiled.set_weights([round_mantissa(weight) for weight in model.get_weights()])
    with replacing(path) as temporary:
        uncompiled.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)


def round_mantissa(values: np.ndarray) -> np.ndarray:
    """float32 to the nearest float32 whose last 13 mantissa bits are zero; other dtypes pass unchanged.

    Relative error at most 2**-11.
    """
    if values.dtype != np.float32:
        return values
    bits = np.ascontiguousarray(values).view(np.uint32)
    half = np.uint32(1 << (_DROPPED_BITS - 1))
    mask = np.uint32(0xFFFFFFFF << _DROPPED_BITS & 0xFFFFFFFF)
    return ((bits + half) & mask).view(np.float32).reshape(values.shape)
