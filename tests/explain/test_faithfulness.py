"""Deletion and insertion curves, and the check by shuffled weights."""

import keras
import numpy as np
import pytest

from brain_core.explain.methods.layer_maps import hirescam
from brain_core.explain.perturbation import Curve, deletion, insertion
from brain_core.explain.randomisation import cascade
from brain_core.explain.split import Split
from brain_core.models import MODELS

PLACE = (slice(4, 12), slice(16, 24))  # 64 of 1,024 pixels


def brightness(batch):
    return batch[:, *PLACE, 0].mean(axis=(1, 2))


@pytest.fixture
def picture():
    """A bright square on black."""
    scan = np.zeros((32, 32, 3), np.float32)
    scan[PLACE] = 1
    return scan


def test_area_is_that_under_the_curve():
    assert Curve(np.array([0, 0.5, 1]), np.array([1.0, 0.5, 0.0])).area == pytest.approx(0.5)
    assert Curve(np.array([0, 0.5, 1]), np.array([1.0, 0.0, 0.0])).area == pytest.approx(0.25)


def test_a_map_of_what_counts_loses_the_answer_first_and_brings_it_back_first(picture):
    true = np.zeros((32, 32))
    true[PLACE] = 1
    lost, back = deletion(brightness, picture, true, steps=16), insertion(brightness, picture, true, steps=16)
    assert lost.probabilities[0] == back.probabilities[-1] == 1.0
    assert lost.probabilities[1:] == pytest.approx(np.full(16, lost.probabilities[-1]))  # a 16th holds the square
    assert back.probabilities[1:] == pytest.approx(np.ones(16))
    assert lost.probabilities[-1] == back.probabilities[0] < 0.9
    assert deletion(brightness, picture, 1 - true, steps=16).area > lost.area
    assert insertion(brightness, picture, 1 - true, steps=16).area < back.area


def test_a_coarse_map_is_laid_over_the_scan(picture):
    coarse = np.zeros((4, 4))
    coarse[1, 2] = 1
    assert len(deletion(brightness, picture, coarse).probabilities) == 21
    assert deletion(brightness, picture, coarse).area < deletion(brightness, picture, -coarse).area


def test_shuffling_goes_from_the_output_down_and_leaves_the_model_alone():
    keras.utils.set_random_seed(4)
    model = MODELS["custom_cnn"].build(64)
    scan = np.random.default_rng(1).uniform(0, 1, (64, 64, 3)).astype("f4")
    before = model.get_weights()
    seen = []

    def explain(changed):
        seen.append(changed.get_layer("conv1").kernel.numpy())
        return hirescam(Split.of(changed, "conv3"), scan, 1.0)

    found = list(cascade(model, explain, layers=20))
    assert [step.layer for step in found] == ["", "probability", "dense2", "dense1", "conv3", "conv2", "conv1"]
    assert found[0].similarity == 1.0
    assert all(step.similarity is None or step.similarity < 0.9 for step in found[1:])
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    original = model.get_layer("conv1").kernel.numpy()
    assert all((kernel == original).all() for kernel in seen[:-1])
    assert sorted(seen[-1].ravel()) == sorted(original.ravel()) and (seen[-1] != original).any()


def test_a_map_that_ignores_the_model_stays_as_it_is():
    model = MODELS["custom_cnn"].build(64)
    edges = np.random.default_rng(0).random((8, 8))
    assert [step.similarity for step in cascade(model, lambda _: edges, layers=3)] == pytest.approx([1.0] * 4)
    even = list(cascade(model, lambda _: np.zeros((8, 8)), layers=2))
    assert [step.similarity for step in even] == [None] * 3
