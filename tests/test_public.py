"""The brief's usage, line by line."""

import keras
import numpy as np
import pytest

import brain_core
from brain_core import generate_gradcam_heatmap, load_and_preprocess_image, predict_batch, preprocess_image
from brain_core.errors import ConfigError, ScanError
from brain_core.models import MODELS
from brain_core.preprocessing import prepare
from brain_core.scans import read_file
from tests.helpers import put_in_service


@pytest.fixture
def paths(phantom_dataset):
    return [str(path) for path in sorted((phantom_dataset / "yes").iterdir())[:3]]


def test_preprocess_image_gives_a_batch_of_one_for_either_model(paths):
    for name in MODELS:
        batch = preprocess_image(paths[0], model_type=name)
        assert (batch.shape, batch.dtype) == ((1, 224, 224, 3), np.float32)
        assert (batch[0] == prepare(read_file(paths[0]), MODELS[name].preprocessing)).all()
    assert preprocess_image(paths[0], model_type="custom_cnn").max() <= 1
    assert preprocess_image(paths[0], model_type="resnet50").min() < -100


def test_load_and_preprocess_image(paths):
    assert (load_and_preprocess_image(paths[0]) == preprocess_image(paths[0], "custom_cnn")).all()


def test_predict_batch_and_gradcam_as_the_brief_uses_them(paths, tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    for name in MODELS:
        model = keras.models.load_model(put_in_service(tmp_path, name))
        results = predict_batch(model, paths)
        assert [set(result) for result in results] == [{"image", "probability", "diagnosis"}] * 3
        assert [result["image"] for result in results] == paths
        for result in results:
            array = preprocess_image(result["image"], model_type=name)
            assert result["probability"] == pytest.approx(float(model.predict(array, verbose=0)[0, 0]), abs=1e-5)
            assert result["diagnosis"] == ("tumor" if result["probability"] >= 0.4 else "no tumor")
        heatmap = generate_gradcam_heatmap(model, array, MODELS[name].gradcam_layer)
        assert heatmap.shape == (7, 7)
        assert heatmap.max() in (0, 1)
    assert predict_batch(model, []) == []


def test_threshold_is_a_half_where_no_model_is_in_service(paths, tmp_path, set_environment):
    model = keras.models.load_model(put_in_service(tmp_path / "elsewhere", "custom_cnn"))
    set_environment(BRAIN_MODELS_DIR=tmp_path / "empty")
    for result in predict_batch(model, paths):
        assert result["diagnosis"] == ("tumor" if result["probability"] >= 0.5 else "no tumor")


def test_errors(paths, tmp_path):
    with pytest.raises(ConfigError, match="model_type: expected one of custom_cnn, resnet50. Received: 'vgg'"):
        preprocess_image(paths[0], model_type="vgg")
    with pytest.raises(ScanError, match="cannot be opened"):
        load_and_preprocess_image(tmp_path / "none.png")
    with pytest.raises(AttributeError, match="no attribute 'unknown'"):
        _ = brain_core.unknown
