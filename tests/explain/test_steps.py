"""Grad-CAM taken apart: every number by hand, the layers on offer, and a whole model against the pass in service."""

import keras
import numpy as np
import pytest
from keras import layers

from brain_core.errors import ModelError
from brain_core.explain.explainer import Explainer
from brain_core.explain.gradcam import GradCam
from brain_core.explain.layers import FeatureMap, feature_maps
from brain_core.explain.methods.layer_maps import Layer
from brain_core.explain.steps import Steps
from brain_core.models import MODELS
from tests.helpers import blob_detector

FEATURES = np.array([[[1, 2], [2, 1]], [[3, 1], [4, 0]]], "f4")  # (row, column, channel)
GRADIENT = np.array([[[1, -1], [-2, 1]], [[3, -1], [0, 2]]], "f4")


def test_every_step_by_hand():
    """Weights (1 - 2 + 3 + 0) / 4 and (-1 + 1 - 1 + 2) / 4; the map's maximum is 0.5 * 4 + 0.25 * 0."""
    found = Steps.of(Layer(FEATURES, GRADIENT, 1.5))
    assert found.weights == pytest.approx([0.5, 0.25])
    assert found.weighted == pytest.approx(np.array([[1.0, 1.25], [1.75, 2.0]]))
    assert found.map == pytest.approx(np.array([[0.5, 0.625], [0.875, 1.0]])) and not found.flat
    # Heat by feature map: 0.5 + 2 * 0.625 + 3 * 0.875 + 4, and 2 * 0.5 + 0.625 + 0.875, by the heat's sum of 3.
    assert found.shares == pytest.approx([0.5 * 8.375 / 3, 0.25 * 2.5 / 3])
    assert found.shares.sum() == pytest.approx((found.weighted * found.map).sum() / 3)
    assert found.probability == pytest.approx(0.8175745)  # of a logit of 1.5


def test_what_speaks_against_is_dropped_and_a_map_of_nothing_is_flat():
    found = Steps.of(Layer(FEATURES, -GRADIENT, 1.5))
    assert found.weighted == pytest.approx(np.array([[-1.0, -1.25], [-1.75, -2.0]]))
    assert found.flat and not found.positive.any() and not found.map.any()
    mixed = Steps.of(Layer(FEATURES * [[[1, -1]]], GRADIENT, 0.0))
    assert mixed.weighted == pytest.approx(np.array([[0.0, 0.75], [1.25, 2.0]]))


def test_the_strongest_channels_are_those_that_add_most_for_or_against():
    features = np.ones((2, 2, 4), "f4") * [1, 5, 2, 3]
    gradient = np.ones((2, 2, 4), "f4") * [1, -1, 0, 1]
    found = Steps.of(Layer(features, gradient, 0.0))
    assert found.strongest(3).tolist() == [1, 3, 0]
    assert found.strongest(9).tolist() == [1, 3, 0, 2]


def tiny() -> keras.Model:
    inputs = layers.Input((16, 16, 3))
    x = layers.Conv2D(2, 3, padding="same", name="edges")(inputs)
    x = layers.Activation("relu", name="edges_relu")(x)
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.Conv2D(4, 3, strides=2, name="shapes")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x))


def test_the_last_feature_map_at_each_resolution_is_offered():
    fine, coarse = FeatureMap("edges_relu", 16, 16, 2), FeatureMap("shapes", 8, 8, 4)
    assert feature_maps(tiny(), "shapes") == (fine, coarse)
    assert feature_maps(tiny(), "edges") == (FeatureMap("edges", 16, 16, 2), coarse)  # the model's own stays
    assert feature_maps(tiny(), "pool") == (fine, coarse, FeatureMap("pool", 4, 4, 4))
    assert [each.layer for each in feature_maps(MODELS["custom_cnn"].build(96), "conv3")] == ["conv1", "conv2", "conv3"]


def test_the_steps_lead_to_the_map_in_service():
    keras.utils.set_random_seed(3)
    model = MODELS["custom_cnn"].build(64)
    explainer, scan = Explainer(model, "conv3"), np.random.default_rng(1).uniform(0, 1, (64, 64, 3)).astype("f4")
    for target in ("tumor", "no tumor"):
        served = GradCam(model, "conv3")(scan[None], target)
        found = explainer.steps(scan, "conv3", target)
        assert found.map == pytest.approx(served.heatmap[0], abs=1e-4) and found.flat == bool(served.flat[0])
        assert found.probability == pytest.approx(served.probability[0], abs=1e-5)


def test_an_answer_or_a_layer_that_is_none_is_refused():
    explainer = Explainer(blob_detector(), "look")
    with pytest.raises(ModelError, match="no layer 'nowhere'"):
        explainer.steps(np.zeros((32, 32, 3), "f4"), "nowhere")
    with pytest.raises(ModelError, match="Target: expected one of"):
        explainer.steps(np.zeros((32, 32, 3), "f4"), "look", "cat")
