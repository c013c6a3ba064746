import keras
import numpy as np
import pytest
from keras import layers

from brain_core.errors import ModelError
from brain_core.explain.explained import Explained
from brain_core.explain.gradcam import GradCam
from brain_core.models import MODELS
from tests.helpers import blob_detector


def usual_recipe(model, layer, batch):
    """Grad-CAM as its authors describe it, run eagerly through the whole model: an independent implementation."""
    import tensorflow as tf

    last = model.layers[-1]
    both = keras.Model(model.inputs, [model.get_layer(layer).output, last.input])
    with tf.GradientTape() as tape:
        x = tf.convert_to_tensor(batch)
        tape.watch(x)
        features, penultimate = both(x, training=False)
        logit = penultimate @ last.kernel + last.bias
    gradient = tape.gradient(logit, features)
    weight = gradient.numpy().mean(axis=(1, 2))
    raw = np.maximum(np.einsum("nhwc,nc->nhw", features.numpy(), weight), 0)
    return raw / raw.max(axis=(1, 2), keepdims=True)


def test_hand_computed_map_of_two_channels():
    """Channels a = x and b = 2x - 1 on a 2x2 picture; logit = 3*mean(a) - mean(b) + 0.5.

    The weights are 3/4 and -1/4 (mean of a constant gradient w/4); the map is relu(3a - b)/4 = relu(x + 1)/4.
    """
    inputs = layers.Input((2, 2, 3))
    x = layers.Conv2D(2, 1, name="channels")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    kernel = np.zeros((1, 1, 3, 2), "float32")
    kernel[0, 0, 0] = (1, 2)
    model.set_weights([kernel, np.array([0.0, -1.0], "f4"), np.array([[3.0], [-1.0]], "f4"), np.array([0.5], "f4")])
    picture = np.zeros((1, 2, 2, 3), "float32")
    picture[0, :, :, 0] = [[0.0, 1.0], [2.0, 3.0]]

    explained = GradCam(model, "channels")(picture)

    assert explained.heatmap[0] == pytest.approx(np.array([[1, 2], [3, 4]]) / 4)
    assert explained.probability[0] == pytest.approx(1 / (1 + np.exp(-(3 * 1.5 - 2 + 0.5))))


def test_planted_blob_holds_the_peak_in_every_corner():
    explain = GradCam(blob_detector(), "look")
    for top, left in ((2, 3), (2, 25), (24, 4), (27, 27)):
        picture = np.zeros((1, 32, 32, 3), "float32")
        picture[0, top : top + 3, left : left + 3] = 1
        heatmap = explain(picture).heatmap[0]
        assert heatmap[top + 1, left + 1] == 1
        assert heatmap.sum() == pytest.approx(9)


def test_opposite_target_of_a_map_that_speaks_for_tumor_is_flat_not_nan():
    picture = np.ones((1, 32, 32, 3), "float32")
    explained = GradCam(blob_detector(), "look")(picture, "no tumor")
    assert explained.flat.tolist() == [True]
    assert not explained.heatmap.any()
    assert explained.probability[0] == pytest.approx(1 / (1 + np.exp(-18)))


def test_what_is_no_number_is_flat_not_nan():
    heatmaps = np.array([[[np.inf, 1.0]], [[np.nan, 1.0]], [[0.5, 0.25]]], "f4")
    explained = Explained.of(np.zeros(3, "f4"), heatmaps, np.zeros((3, 2), "f4"))
    assert explained.flat.tolist() == [True, True, False]
    assert explained.heatmap.tolist() == [[[0, 0]], [[0, 0]], [[1, 0.5]]]


def test_saturated_probability_still_has_a_map():
    model = blob_detector()
    model.layers[-1].set_weights([np.array([[900.0]], "f4"), np.array([0.0], "f4")])
    picture = np.zeros((1, 32, 32, 3), "float32")
    picture[0, 5:9, 5:9] = 30
    explained = GradCam(model, "look")(picture)
    assert explained.probability[0] == 1.0
    assert explained.heatmap[0, 6, 6] == 1.0


@pytest.mark.parametrize("name", MODELS)
def test_both_models_agree_with_the_usual_recipe_and_with_predict_before_and_after_reload(name, tmp_path):
    keras.utils.set_random_seed(3)
    model = MODELS[name].build()
    batch = np.random.default_rng(0).normal(0, 1, (2, 224, 224, 3)).astype("float32")
    expected = usual_recipe(model, MODELS[name].gradcam_layer, batch)
    fresh = GradCam(model, MODELS[name].gradcam_layer)(batch)
    assert fresh.probability == pytest.approx(model.predict(batch, verbose=0)[:, 0], abs=1e-6)
    assert fresh.heatmap == pytest.approx(expected, abs=1e-4)
    model.save(tmp_path / "model.keras")
    reloaded = GradCam(keras.models.load_model(tmp_path / "model.keras"), MODELS[name].gradcam_layer)(batch)
    assert reloaded.heatmap == pytest.approx(fresh.heatmap, abs=1e-6)
    assert reloaded.probability == pytest.approx(fresh.probability, abs=1e-6)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_layer_inside_a_nested_model_gives_the_map_of_the_flat_one(kind, tmp_path):
    keras.utils.set_random_seed(1)
    flat = MODELS["custom_cnn"].build()
    body = keras.Model(flat.inputs[0], flat.get_layer("dropout3").output, name="body")
    tail = flat.layers[flat.layers.index(flat.get_layer("average")) :]
    if kind == "sequential":
        nested = keras.Sequential([layers.Input((224, 224, 3)), body, *tail])
    else:
        x = inputs = layers.Input((224, 224, 3))
        for layer in (body, *tail):
            x = layer(x)
        nested = keras.Model(inputs, x)
    batch = np.random.default_rng(0).uniform(0, 1, (1, 224, 224, 3)).astype("float32")
    expected = GradCam(flat, "conv3")(batch)
    nested.save(tmp_path / "nested.keras")
    for model in (nested, keras.models.load_model(tmp_path / "nested.keras")):
        explained = GradCam(model, "conv3")(batch)
        assert explained.heatmap == pytest.approx(expected.heatmap, abs=1e-5)
        assert explained.probability == pytest.approx(expected.probability, abs=1e-6)


def test_explaining_leaves_the_model_as_it_was():
    model = blob_detector()
    before, output = model.get_weights(), model.get_layer("look").output
    GradCam(model, "look")(np.ones((1, 32, 32, 3), "float32"))
    assert model.get_layer("look").output is output
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_errors_name_what_is_wrong():
    with pytest.raises(ModelError, match="no layer 'conv9'"):
        GradCam(blob_detector(), "conv9")
    with pytest.raises(ModelError, match=r"expected an output \(N, h, w, channels\)"):
        GradCam(model := blob_detector(), model.layers[-2].name)
    inputs = layers.Input((8, 8, 3))
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(2, 1, name="c")(inputs))
    with pytest.raises(ModelError, match=r"expected a final Dense\(1, sigmoid\)"):
        GradCam(keras.Model(inputs, layers.Dense(2, activation="softmax")(x)), "c")
    with pytest.raises(ModelError, match="Target: expected one of"):
        GradCam(blob_detector(), "look")(np.ones((1, 32, 32, 3), "float32"), "cyst")


def test_features_are_mean_and_deviation_of_the_layers_channels():
    rng = np.random.default_rng(0)
    model = MODELS["custom_cnn"].build()
    batch = rng.random((3, 224, 224, 3)).astype(np.float32)
    maps = keras.Model(model.inputs, model.get_layer("conv3").output).predict(batch, verbose=0)
    found = GradCam(model, "conv3")(batch).features
    np.testing.assert_allclose(found[:, :64], maps.mean(axis=(1, 2)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[:, 64:], maps.std(axis=(1, 2)), rtol=1e-3, atol=1e-5)
