"""The closed form against the gradient tape of `GradCam`, and the layers that it refuses."""

import keras
import numpy as np
import pytest
from keras import layers

from brain_core.errors import ModelError
from brain_core.explain.closed_form import closed_form
from brain_core.explain.explained import Explained
from brain_core.explain.gradcam import GradCam
from brain_core.explain.split import Split
from brain_core.models import MODELS
from tests.helpers import blob_detector

SEED = 5


def explained(model, layer, batch, sign=1.0):
    import tensorflow as tf

    found = closed_form(Split.of(model, layer))(tf.constant(batch), tf.constant(sign))
    return Explained.of(*(each.numpy() for each in found))


def unsettle(model):
    """Weights, and the statistics of batch normalisation, away from their even starting values."""
    rng = np.random.default_rng(SEED)
    model.set_weights([w + rng.uniform(0.01, 0.2, w.shape).astype("f4") * rng.choice([1, 0.5]) for w in model.weights])


def head_of_every_kind(size=16):
    """Overlapping nothing: convolution, norm, pooling, dropout, two branches of which one leads further."""
    x = inputs = layers.Input((size, size, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="look")(x)
    x = layers.MaxPooling2D()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(layers.Dropout(0.3)(x))
    left = layers.BatchNormalization(scale=False)(layers.Dense(8, activation="relu")(x))
    right = layers.Dense(8)(x)
    x = layers.Dropout(0.2)(layers.Add()([left, right, layers.Dense(8, activation="relu")(left)]))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_known_layer_gives_what_the_gradient_tape_gives(sign):
    keras.utils.set_random_seed(SEED)
    model = head_of_every_kind()
    unsettle(model)
    batch = np.random.default_rng(0).normal(0, 1, (5, 16, 16, 3)).astype("f4")
    expected = GradCam(model, "look")(batch, "tumor" if sign > 0 else "no tumor")
    found = explained(model, "look", batch, sign)
    assert expected.flat.mean() < 1  # something to compare
    assert found.probability == pytest.approx(expected.probability, abs=1e-6)
    assert found.heatmap == pytest.approx(expected.heatmap, abs=1e-4)
    assert found.features == pytest.approx(expected.features, rel=1e-4, abs=1e-5)


def test_custom_cnn_gives_what_the_gradient_tape_gives():
    keras.utils.set_random_seed(SEED)
    model = MODELS["custom_cnn"].build()
    batch = np.random.default_rng(0).uniform(0, 1, (2, 224, 224, 3)).astype("f4")
    expected, found = GradCam(model, "conv3")(batch), explained(model, "conv3", batch)
    assert found.probability == pytest.approx(expected.probability, abs=1e-6)
    assert found.heatmap == pytest.approx(expected.heatmap, abs=1e-4)


def test_map_of_the_blob_detector_is_the_picture():
    picture = np.zeros((1, 32, 32, 3), "f4")
    picture[0, 4:7, 9:11] = 1
    found = explained(blob_detector(), "look", picture)
    assert found.heatmap[0] == pytest.approx(picture[0, ..., 0])
    assert found.probability[0] == pytest.approx(1 / (1 + np.exp(2 - 20 * 6 / 1024)))
    assert explained(blob_detector(), "look", picture, -1.0).flat.tolist() == [True]


@pytest.mark.parametrize(
    ("between", "kind"),
    [
        (layers.MaxPooling2D(3, strides=2), "MaxPooling2D"),  # windows overlap
        (layers.MaxPooling2D(padding="same"), "MaxPooling2D"),
        (layers.AveragePooling2D(2), "AveragePooling2D"),
        (layers.Activation("relu"), "Activation"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(between, kind):
    x = inputs = layers.Input((16, 16, 3))
    x = between(layers.Conv2D(2, 3, name="look")(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    with pytest.raises(ModelError, match=rf"Layer '{between.name}' \({kind}\): its gradient has no closed form"):
        closed_form(Split.of(model, "look"))


def test_an_activation_without_a_rule_is_refused():
    x = inputs = layers.Input((16, 16, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 3, name="look")(x))
    x = layers.Dense(4, activation="gelu", name="soft")(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    with pytest.raises(ModelError, match="Layer 'soft'"):
        closed_form(Split.of(model, "look"))
