import keras
import numpy as np
import pytest
from keras import layers

from brain_core.training import batch_statistics


def two_norms() -> keras.Model:
    x = inputs = layers.Input((1, 2, 1))
    x = layers.BatchNormalization(epsilon=0.0, name="first")(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.BatchNormalization(name="second")(x))


def test_statistics_are_those_of_all_scans_and_positions():
    scans = np.array([0, 2, 4, 6], np.float32).reshape(2, 1, 2, 1)  # mean 3, variance (9 + 1 + 1 + 9) / 4 = 5
    model = two_norms()
    model.get_layer("first").set_weights([np.array([2.0]), np.array([7.0]), np.zeros(1), np.ones(1)])
    batch_statistics.measure(model, scans)
    first, second = (model.get_layer(name).get_weights() for name in ("first", "second"))
    assert (first[2].item(), first[3].item()) == pytest.approx((3, 5))
    # The second sees 2 * (x - 3) / sqrt(5) + 7, without dropout: mean 7, variance 4.
    assert (second[2].item(), second[3].item()) == pytest.approx((7, 4))


def test_batches_make_no_difference():
    scans = np.random.default_rng(0).normal(5, 3, (37, 1, 2, 1)).astype(np.float32)
    model = two_norms()
    batch_statistics.measure(model, scans)
    *_, mean, variance = model.get_layer("first").get_weights()
    assert (mean.item(), variance.item()) == pytest.approx((scans.mean(), scans.var()), rel=1e-5)


def test_a_frozen_layer_keeps_its_statistics():
    model = two_norms()
    model.get_layer("first").trainable = False
    batch_statistics.measure(model, np.full((2, 1, 2, 1), 9, np.float32))
    assert [w.item() for w in model.get_layer("first").get_weights()[2:]] == [0, 1]
    assert model.get_layer("second").get_weights()[2].item() == pytest.approx(9)
