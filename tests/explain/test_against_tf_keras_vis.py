"""Grad-CAM and LayerCAM against tf-keras-vis, which knows nothing of this project."""

import keras
import numpy as np
import pytest

from brain_core.explain.methods import METHODS
from brain_core.explain.methods.layer_maps import look
from brain_core.explain.split import Split
from brain_core.models import MODELS
from tests.needed import lacking

LAYER = "conv3"


@pytest.fixture(scope="module")
def theirs():
    """Their class by our method's name."""
    try:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
        from tf_keras_vis.layercam import Layercam
    except ImportError:
        lacking("The test needs tf-keras-vis (pip install tf-keras-vis).")
    return {"gradcam": Gradcam, "layercam": Layercam, "gradcam_plus_plus": GradcamPlusPlus}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(7)
    return MODELS["custom_cnn"].build(96)


@pytest.fixture(scope="module")
def scan():
    return np.random.default_rng(4).uniform(0, 1, (96, 96, 3)).astype("f4")


def their_map(theirs, name, model, scan, sign):
    """Raw, at the layer's size, of the logit."""
    last = model.layers[-1]
    linear = keras.layers.Dense(1, activation="linear", name="logit")
    logit = keras.Model(model.inputs, linear(last.input))
    linear.set_weights(last.get_weights())
    found = theirs[name](logit, clone=False)(
        lambda output: sign * output[:, 0], scan[None], penultimate_layer=LAYER, expand_cam=False, normalize_cam=False
    )
    return np.asarray(found)[0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("name", ["gradcam", "layercam"])
def test_the_maps_agree(theirs, model, scan, name, sign):
    ours = METHODS[name].work(Split.of(model, LAYER), scan, sign)
    their = their_map(theirs, name, model, scan, sign)
    assert ours == pytest.approx(their, abs=1e-5 * max(1e-3, float(their.max())) + 1e-9)


def test_gradcam_plus_plus_agrees_once_alphas_are_scaled_as_theirs_are(theirs, model, scan):
    """They scale each channel's alphas to a sum of 1 over its positive gradients, which equation 19 does not."""
    found = look(Split.of(model, LAYER), scan, 1.0)
    gradient = found.gradient
    below = 2 * gradient**2 + gradient**3 * found.features.sum(axis=(0, 1))
    alpha = np.where(gradient > 0, gradient**2 / np.where(below == 0, 1, below), 0)
    alpha /= np.where(alpha.sum(axis=(0, 1)) == 0, 1, alpha.sum(axis=(0, 1)))
    scaled = np.maximum(found.features @ (alpha * np.maximum(gradient, 0)).sum(axis=(0, 1)), 0)
    their = their_map(theirs, "gradcam_plus_plus", model, scan, 1.0)
    assert scaled / scaled.max() == pytest.approx(their / their.max(), abs=1e-3)
