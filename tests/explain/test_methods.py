"""Each method against its definition on networks small enough to work out by hand, and on a planted blob."""

import keras
import numpy as np
import pytest
from keras import layers

from brain_core.explain.gradcam import GradCam
from brain_core.explain.methods import METHODS
from brain_core.explain.methods.integrated import attributions
from brain_core.explain.methods.layer_maps import look, plus_plus_weights
from brain_core.explain.methods.occlusion import background, occlusion
from brain_core.explain.methods.scores import logits
from brain_core.explain.split import Split
from brain_core.models import MODELS
from tests.helpers import blob_detector

RED, GREEN = [[1.0, 2.0], [3.0, 4.0]], [[2.0, 1.0], [1.0, 0.0]]
BY_RED, BY_GREEN = [[1.0, -2.0], [3.0, 0.0]], [[-1.0, 1.0], [-1.0, 2.0]]


@pytest.fixture(scope="module")
def split():
    """Two channels, the red and the green of a 2x2 picture; the logit's gradient by them is BY_RED and BY_GREEN."""
    inputs = layers.Input((2, 2, 3))
    x = layers.Flatten()(layers.Conv2D(2, 1, use_bias=False, name="look")(inputs))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    pick = np.zeros((1, 1, 3, 2), "f4")
    pick[0, 0, 0, 0] = pick[0, 0, 1, 1] = 1
    kernel = np.stack([BY_RED, BY_GREEN], axis=-1).reshape(8, 1)
    model.set_weights([pick, kernel.astype("f4"), np.array([0.5], "f4")])
    return Split.of(model, "look")


@pytest.fixture(scope="module")
def scan():
    return np.stack([RED, GREEN, np.zeros((2, 2))], axis=-1).astype("f4")


def explained(name, split, scan, sign=1.0):
    return METHODS[name].work(split, scan, sign)


def test_the_logit_and_its_gradient_by_the_layer(split, scan):
    """1 - 4 + 9 + 0 of red, -2 + 1 - 1 + 0 of green, 0.5."""
    found = look(split, scan, 1.0)
    assert found.logit == pytest.approx(4.5)
    assert found.gradient == pytest.approx(np.stack([BY_RED, BY_GREEN], axis=-1))
    assert found.weights == pytest.approx([0.5, 0.25])
    assert look(split, scan, -1.0).weights == pytest.approx([-0.5, -0.25])
    assert logits(split, scan[None]) == pytest.approx([4.5])


def test_gradcam_weighs_channels_by_their_mean_gradient(split, scan):
    assert explained("gradcam", split, scan) == pytest.approx(np.array([[1.0, 1.25], [1.75, 2.0]]))
    assert not explained("gradcam", split, scan, -1.0).any()


def test_hirescam_multiplies_before_it_sums(split, scan):
    """Sums over the channels: -1, -3, 8, 0."""
    assert explained("hirescam", split, scan) == pytest.approx(np.array([[0.0, 0.0], [8.0, 0.0]]))
    assert explained("hirescam", split, scan, -1.0) == pytest.approx(np.array([[1.0, 3.0], [0.0, 0.0]]))


def test_layercam_takes_what_speaks_for_the_target_alone(split, scan):
    assert explained("layercam", split, scan) == pytest.approx(np.array([[1.0, 1.0], [9.0, 0.0]]))


def test_gradcam_plus_plus_weighs_by_its_closed_form(split, scan):
    """Red, of sum 10: 1/(2 + 10) and 9/(18 + 270) times 1 and 3; green, of sum 4: 1/6 and 4/(8 + 32) times 1 and 2."""
    weights = [1 / 12 + 3 * 9 / 288, 1 / 6 + 2 * 4 / 40]
    assert plus_plus_weights(look(split, scan, 1.0)) == pytest.approx(weights)
    expected = weights[0] * np.array(RED) + weights[1] * np.array(GREEN)
    assert explained("gradcam_plus_plus", split, scan) == pytest.approx(expected)


def test_gradcam_here_is_the_one_in_service():
    keras.utils.set_random_seed(2)
    model = MODELS["custom_cnn"].build()
    scan = np.random.default_rng(0).uniform(0, 1, (224, 224, 3)).astype("f4")
    for target, sign in (("tumor", 1.0), ("no tumor", -1.0)):
        served = GradCam(model, "conv3")(scan[None], target)
        found = explained("gradcam", Split.of(model, "conv3"), scan, sign)
        assert found / max(found.max(), 1e-30) == pytest.approx(served.heatmap[0], abs=1e-4)


def test_occlusion_is_the_mean_fall_over_the_patches_on_a_pixel():
    """The logit is 20 times the mean of 1,024 pixels: to cover all of 16 bright ones costs 20 * 16 / 1024."""
    picture = np.zeros((32, 32, 3), "f4")
    picture[8:12, 8:12] = 1
    found = occlusion(Split.of(blob_detector(), "look"), picture, 1.0, patches=8)
    assert found[8:12, 8:12] == pytest.approx(np.full((4, 4), 0.3125))
    assert found[5, 9] == pytest.approx(0.3125 / 2)  # half of the patches on it reach the bright ones
    assert found[5, 5] == pytest.approx(0.3125 / 4)
    assert not found[20:].any()
    assert not occlusion(Split.of(blob_detector(), "look"), picture, -1.0, patches=8).any()


def test_attributions_add_up_to_the_change_of_the_logit():
    """Completeness (Sundararajan et al., proposition 1): exact for a linear model, to 2 % for one with corners."""
    picture = np.zeros((32, 32, 3), "f4")
    picture[8:12, 8:12] = 1
    found = attributions(Split.of(blob_detector(), "look"), picture, steps=3)
    assert found.sum() == pytest.approx(0.3125)
    assert found[9, 9] == pytest.approx(np.full(3, 20 / 3 / 1024))

    keras.utils.set_random_seed(2)
    split = Split.of(MODELS["custom_cnn"].build(96), "conv3")
    scan = np.random.default_rng(0).uniform(0, 1, (96, 96, 3)).astype("f4")
    empty = np.broadcast_to(background(scan), scan.shape)
    change = np.subtract(*logits(split, np.stack([scan, empty])))
    assert attributions(split, scan, steps=64).sum() == pytest.approx(change, rel=0.02)


@pytest.mark.parametrize("name", METHODS)
def test_a_planted_blob_holds_the_peak(name):
    split = Split.of(blob_detector(), "look")
    for top, left in ((2, 3), (24, 4), (26, 26)):
        picture = np.zeros((32, 32, 3), "f4")
        picture[top : top + 4, left : left + 4] = 1
        found = explained(name, split, picture)
        row, column = np.unravel_index(found.argmax(), found.shape)
        assert top <= row < top + 4 and left <= column < left + 4
        assert found.dtype == np.float32 and found.shape == (32, 32)


def test_every_method_says_where_it_comes_from():
    assert list(METHODS) == [
        "gradcam", "gradcam_plus_plus", "hirescam", "layercam", "occlusion", "integrated_gradients",
    ]  # fmt: skip
    assert all(method.source and method.formula and method.passes > 0 for method in METHODS.values())
