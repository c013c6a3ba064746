"""The brief's public Python names, on top of the same code as the page and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from brain_core.errors import ConfigError, ModelError
from brain_core.models import MODELS
from brain_core.preprocessing import PreprocessingSpec, prepare
from brain_core.registry import read_card
from brain_core.scans import read_file

if TYPE_CHECKING:
    import keras


def preprocess_image(image_path: str | Path, model_type: str = "custom_cnn") -> np.ndarray:
    """A picture on disk as the input of one of the two models.

    Args:
        model_type: ``custom_cnn`` or ``resnet50``.

    Returns:
        float32 (1, 224, 224, 3): RGB/255 for the custom CNN, Keras' ``resnet.preprocess_input`` for ResNet50.

    Raises:
        ScanError: the file cannot be read. ConfigError: no such model type.
    """
    if model_type not in MODELS:
        raise ConfigError(f"model_type: expected one of {', '.join(MODELS)}. Received: {model_type!r}.")
    return prepare(read_file(image_path), _spec(model_type))[None]


def load_and_preprocess_image(path: str | Path) -> np.ndarray:
    """`preprocess_image` for the custom CNN: float32 (1, 224, 224, 3), 0..1."""
    return preprocess_image(path)


def predict_batch(model: keras.Model, image_paths: Iterable[str | Path]) -> list[dict]:
    """Score pictures on disk with a loaded model.

    Args:
        model: one of the two, recognised by its name (``custom_cnn``, ``resnet50``); a model of any other name gets
            the custom CNN's input.

    Returns:
        One ``{'image': path, 'probability': of a tumour, 'diagnosis': 'tumor' | 'no tumor'}`` a picture, in order;
        the diagnosis is by the operating point of the model in service, 0.5 where there is none.

    Raises:
        ScanError: a file cannot be read. ('python -m brain_core predict' goes on with the others.)
    """
    from brain_core.inference import LABELS

    paths = [str(path) for path in image_paths]
    if not paths:
        return []
    model_type = model.name if model.name in MODELS else "custom_cnn"
    threshold = _threshold(model.name)
    probabilities = [float(model(preprocess_image(path, model_type), training=False)[0, 0]) for path in paths]
    return [
        {"image": path, "probability": probability, "diagnosis": LABELS[int(probability >= threshold)]}
        for path, probability in zip(paths, probabilities, strict=True)
    ]


def generate_gradcam_heatmap(model: keras.Model, img_array: np.ndarray, last_conv_layer_name: str) -> np.ndarray:
    """Grad-CAM of the first picture of a batch, for the tumour logit.

    Args:
        model: ends in ``Dense(1, sigmoid)``; flat or nested, fresh or reloaded.
        img_array: (N, height, width, 3) as `preprocess_image` gives it.
        last_conv_layer_name: at any depth.

    Returns:
        float32 (h, w) of that layer, 0..1; all zero where nothing speaks for a tumour.

    Raises:
        ModelError: no such layer, or the model does not end in a sigmoid unit.
    """
    from brain_core.explain.gradcam import GradCam

    return GradCam(model, last_conv_layer_name)(np.asarray(img_array)[:1]).heatmap[0]


def _spec(model_type: str) -> PreprocessingSpec:
    """Of the model in service; of the architecture where none is."""
    try:
        return read_card(model_type).preprocessing
    except ModelError:
        return MODELS[model_type].preprocessing


def _threshold(model_name: str) -> float:
    from brain_core.thresholds import DEFAULT

    try:
        return read_card(model_name).operating_point.threshold
    except ModelError:
        return DEFAULT
