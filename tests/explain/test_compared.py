"""Methods side by side, and the check by shuffled weights, of a whole model."""

from threading import Thread

import keras
import numpy as np
import pytest

from brain_core.explain.explainer import Explainer
from brain_core.explain.methods import METHODS
from brain_core.models import MODELS
from tests.helpers import blob_detector

PLACE = (slice(20, 24), slice(6, 10))


@pytest.fixture(scope="module")
def explainer():
    return Explainer(blob_detector(), "look")


@pytest.fixture
def scan():
    """A bright square on black."""
    picture = np.zeros((32, 32, 3), "f4")
    picture[PLACE] = 1
    return picture


def answer(batch):
    """Of the blob detector: a sigmoid of 20 times the mean, less 2."""
    return 1 / (1 + np.exp(2 - 20 * batch.mean(axis=(1, 2, 3))))


@pytest.mark.parametrize("name", METHODS)
def test_each_method_finds_what_counts_and_tells_how_far_it_is(explainer, scan, name):
    told = []
    found = explainer.compare(name, scan, "look", answer, told=told.append)
    row, column = np.unravel_index(found.heatmap.argmax(), found.heatmap.shape)
    assert scan[row, column, 0] == 1 and found.heatmap.max() == pytest.approx(1) and not found.flat
    assert found.seconds > 0 and told == sorted(told) and told[-1] == 1.0
    # 20 * 16 / 1024 - 2 is the logit; a blurred scan has the same mean, so both curves end where they began.
    whole = 1 / (1 + np.exp(2 - 20 * 16 / 1024))
    assert found.deletion.probabilities[0] == found.insertion.probabilities[-1] == pytest.approx(whole)
    assert found.deletion.area < found.insertion.area


def test_a_map_of_nothing_is_flat_whatever_the_method(explainer, scan):
    for name in METHODS:
        found = explainer.compare(name, scan, "look", answer, "no tumor")
        if name != "integrated_gradients":  # the size of what a pixel adds, for or against
            assert found.flat and not found.heatmap.any()
            assert found.deletion is found.insertion is None  # no pixel comes before another


def test_who_is_told_may_end_the_work(explainer, scan):
    class Enough(Exception):
        pass

    def stop(share):
        raise Enough

    for name in ("occlusion", "integrated_gradients", "gradcam"):
        with pytest.raises(Enough):
            explainer.compare(name, scan, "look", answer, told=stop)


def test_one_computes_at_a_time_and_lets_others_have_a_turn(explainer, scan):
    """While one tells how far it is, another gets through; while it computes, none does."""
    among = []

    def another(share):
        if not among:
            thread = Thread(target=lambda: among.append(explainer.steps(scan, "look").probability))
            thread.start()
            thread.join(60)

    explainer.compare("occlusion", scan, "look", answer, told=another)
    assert among == [pytest.approx(1 / (1 + np.exp(2 - 20 * 16 / 1024)))]
    assert explainer.steps(scan, "look").probability == among[0]  # and the turn was given back


def test_weights_are_shuffled_in_a_copy_from_the_output_down():
    keras.utils.set_random_seed(5)
    model = MODELS["custom_cnn"].build(64)
    before = [weight.copy() for weight in model.get_weights()]
    explainer, scan = Explainer(model, "conv3"), np.random.default_rng(2).uniform(0, 1, (64, 64, 3)).astype("f4")
    found = list(explainer.shuffled("hirescam", scan, "conv3", layers=6))
    assert [each.layer for each in found] == ["", "probability", "dense2", "dense1", "conv3", "conv2", "conv1"]
    assert explainer.kernels == 6 and found[0].similarity == 1.0
    assert any(each.similarity is None or each.similarity < 0.9 for each in found[1:])
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
