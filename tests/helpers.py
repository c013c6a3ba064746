"""What several tests build: small models in service and small data sets of phantoms."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers

from brain_core.models import MODELS
from brain_core.models.saving import save_compact
from brain_core.registry import sha256_of

SIZE = 224


def tiny_network(name: str, seed: int = 0) -> keras.Model:
    """A flat network of a few hundred weights with the layer that Grad-CAM of ``name`` wants."""
    keras.utils.set_random_seed(seed)
    inputs = layers.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(4, 5, strides=8, padding="same", activation="relu", name="conv1")(inputs)
    x = layers.Conv2D(6, 3, strides=4, padding="same", activation="relu", name=MODELS[name].gradcam_layer)(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name=name)


def put_in_service(models_dir: Path, name: str, model: keras.Model | None = None, **changes) -> Path:
    """Write a model and its metadata as `training.run` does; returns the model file's path."""
    path = models_dir / MODELS[name].file_name
    save_compact(model or tiny_network(name), path)
    metadata = {
        "model": name,
        "version": f"test-{name}",
        "sha256": sha256_of(path),
        "preprocessing": MODELS[name].preprocessing.to_json(),
        "gradcam_layer": MODELS[name].gradcam_layer,
        "operating_point": {"threshold": 0.4, "rule": "best balanced accuracy", "fitted_on": "validation, n = 9"},
        "predictions": {"validation": [], "test": []},
        "data": {"train_sha256": []},
    } | changes
    path.with_suffix(".json").write_text(json.dumps(metadata))
    return path


def blob_detector() -> keras.Model:
    """A network that answers to bright pixels alone: logit = 20 * mean - 2, its map is the picture itself."""
    inputs = layers.Input((32, 32, 3))
    x = layers.Conv2D(1, 1, use_bias=False, name="look")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x), name="blob")
    model.set_weights(
        [np.full((1, 1, 3, 1), 1 / 3, "float32"), np.array([[20.0]], "float32"), np.array([-2.0], "float32")]
    )
    return model


def textured(seed: int) -> np.ndarray:
    """uint8 (220, 200): an ellipse of blobs, as rich in detail as a slice of a real brain."""
    rng = np.random.default_rng(seed)
    blobs = sum(cv2.GaussianBlur(rng.normal(size=(220, 200)), (0, 0), s) * s for s in (2, 4, 8))
    head = np.zeros((220, 200), np.uint8)
    cv2.ellipse(head, (100, 110), (75, 95), 0, 0, 360, 1, -1)
    return (head * np.clip(130 + 45 * blobs, 40, 255)).astype(np.uint8)
