"""Two small models in service that answer to bright regions, for tests of the screens."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from brain_core.models import MODELS
from tests.helpers import SIZE, put_in_service

PATCH = 16  # pixels, side of the patches whose brightness counts


def bright_patch_network(name: str, *, level: float, gain: float, offset: float) -> keras.Model:
    """logit = gain * mean(relu(patch brightness - level)) - offset; brightness is 0..1."""
    inputs = layers.Input((SIZE, SIZE, 3))
    features = layers.Conv2D(
        1, PATCH, strides=PATCH // 2, padding="same", activation="relu", name=MODELS[name].gradcam_layer
    )(inputs)
    pooled = layers.GlobalAveragePooling2D(name="average")(features)
    outputs = layers.Dense(1, activation="sigmoid", name="probability")(pooled)
    model = keras.Model(inputs, outputs, name=name)
    scale, shift = (1.0, 0.0) if MODELS[name].preprocessing.scaling == "unit" else (255.0, 114.8)  # mean grey
    kernel = np.full((PATCH, PATCH, 3, 1), 1 / (3 * PATCH**2 * scale), "float32")
    others = ([shift / scale - level], [[gain]], [-offset])
    model.set_weights([kernel, *(np.array(values, "float32") for values in others)])
    return model


def bright_patch_service(models_dir: Path) -> Path:
    """Both models in ``models_dir``; the second asks for brighter patches, so that they disagree on some phantoms."""
    models_dir.mkdir(parents=True, exist_ok=True)
    first = bright_patch_network("custom_cnn", level=0.55, gain=100, offset=3)
    put_in_service(models_dir, "custom_cnn", first, version="test-1")
    second = bright_patch_network("resnet50", level=0.70, gain=150, offset=2)
    put_in_service(models_dir, "resnet50", second, version="test-2")
    return models_dir


def store_predictions(models_dir: Path, name: str, **parts: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    """Add to a model's metadata, by part, the probabilities of scans with and without a tumour, each a group."""
    path = (models_dir / MODELS[name].file_name).with_suffix(".json")
    predictions = {part: _rows(*probabilities) for part, probabilities in parts.items()}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"predictions": predictions}))


def _rows(tumours: tuple[float, ...], others: tuple[float, ...]) -> list[dict]:
    pairs = [(1, p) for p in tumours] + [(0, p) for p in others]
    return [
        {"id": f"{label}/{i}.png", "sha256": f"{i:016d}", "group": i, "label": label, "probability": p}
        for i, (label, p) in enumerate(pairs)
    ]


@pytest.fixture(scope="session")
def service_files(tmp_path_factory) -> Path:
    """A folder with both models; copy it before you damage anything in it."""
    return bright_patch_service(tmp_path_factory.mktemp("models"))


@pytest.fixture
def in_service(service_files, tmp_path_factory, set_environment) -> Path:
    """A copy of `service_files`, new for each test, where the program looks for models.

    At the same place each time, so that the server's cache knows the models: to load them takes longer than most tests.
    """
    models_dir = tmp_path_factory.getbasetemp() / "in-service" / "saved_models"
    shutil.rmtree(models_dir, ignore_errors=True)
    shutil.copytree(service_files, models_dir)
    set_environment(BRAIN_MODELS_DIR=models_dir)
    return models_dir
