import h5py
import keras
import numpy as np
import pytest

from brain_core.errors import DownloadError, ModelError
from brain_core.models import MODELS, resnet50, weights, weights_file
from brain_core.models.saving import round_mantissa, save_compact


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return MODELS["resnet50"].build()


@pytest.fixture(scope="module")
def backbone_npz(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "backbone.npz"
    weights.save_npz(network, path)
    return path


def test_custom_cnn_is_the_diagram_of_the_brief():
    model = MODELS["custom_cnn"].build()
    assert model.count_params() == 40_673
    kinds = [type(layer).__name__ for layer in model.layers[1:13]]
    assert kinds == ["Conv2D", "BatchNormalization", "MaxPooling2D", "Dropout"] * 3
    assert [layer.filters for layer in model.layers if isinstance(layer, keras.layers.Conv2D)] == [16, 32, 64]
    rates = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.25, 0.25, 0.25, 0.5, 0.3]


def test_resnet50_has_the_two_branches_and_the_head_of_the_brief(network):
    assert [network.get_layer(f"branch{i}").units for i in (1, 2)] == [512, 512]
    assert [network.get_layer(f"dense{i}").units for i in (1, 2)] == [256, 128]
    rates = [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == [0.4, 0.4, 0.4, 0.3]
    head = (
        sum(2048 * 512 + 512 + 4 * 512 for _ in range(2))
        + (512 * 256 + 256 + 4 * 256)
        + (256 * 128 + 128 + 4 * 128)
        + 129
    )
    assert network.count_params() == 23_587_712 + head
    assert not any(isinstance(layer, keras.Model) for layer in network.layers)


def test_rounded_mantissa_is_what_float16_keeps_for_normal_numbers():
    values = np.random.default_rng(0).normal(0, 1, 5000).astype("float32")
    values = values[np.abs(values) > 1e-3]
    rounded = round_mantissa(values)
    assert rounded.dtype == np.float32
    assert (np.abs(rounded - values) <= np.abs(values) * 2.0**-11).all()
    assert np.mean(rounded == values.astype("float16").astype("float32")) > 0.999  # they differ in ties only
    assert round_mantissa(np.array([1e-30, -1e30], "float32")) == pytest.approx([1e-30, -1e30], rel=2**-11)
    assert round_mantissa(np.array([7, 8])).tolist() == [7, 8]


@pytest.mark.parametrize("name", MODELS)
def test_compact_file_is_small_float32_and_moves_probabilities_by_less_than_0_005(name, tmp_path):
    keras.utils.set_random_seed(5)
    model = MODELS[name].build()
    scale = 1.0 if name == "custom_cnn" else 100.0
    batch = np.random.default_rng(0).normal(0, scale, (4, 224, 224, 3)).astype("float32")
    before = model.predict(batch, verbose=0)
    if name == "custom_cnn":  # a compiled model's optimizer stays out of the file
        model.compile("adam", "binary_crossentropy")
        model.fit(batch, np.zeros((4, 1)), verbose=0)
        before = model.predict(batch, verbose=0)
    path = tmp_path / "model.keras"
    save_compact(model, path)
    loaded = keras.models.load_model(path)  # plainly, as anyone would
    assert np.abs(loaded.predict(batch, verbose=0) - before).max() < 0.005
    assert getattr(loaded, "optimizer", None) is None
    assert all(weight.dtype == np.float32 for weight in loaded.get_weights())
    assert {layer for layer, _ in weights_file.read(path)} == {layer.name for layer in loaded.layers if layer.weights}
    values = sum(weight.nbytes for weight in loaded.get_weights())
    assert path.stat().st_size < (0.5 * values if name == "resnet50" else 100e3)
    assert [p.name for p in tmp_path.iterdir()] == ["model.keras"]


def test_backbone_survives_the_npz_file(network, backbone_npz):
    other = MODELS["resnet50"].build()
    assert weights.load_file(other, backbone_npz) == []
    for name in ("conv1_conv", "conv3_block2_2_bn", "conv5_block3_3_conv"):
        for got, expected in zip(
            other.get_layer(name).get_weights(), network.get_layer(name).get_weights(), strict=True
        ):
            assert got == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_keras_h5_weights_are_read_by_layer_name(network, tmp_path):
    path = tmp_path / "resnet50.h5"
    with h5py.File(path, "w") as file:  # the layout of Keras' own download
        for layer in resnet50.backbone_layers(network):
            for variable, value in zip(layer.weights, layer.get_weights(), strict=True):
                file[f"{layer.name}/{layer.name}/{variable.name}:0"] = value
    other = MODELS["resnet50"].build()
    weights.load_file(other, path)
    expected = network.get_layer("conv4_block1_0_conv").get_weights()[0]
    assert (other.get_layer("conv4_block1_0_conv").get_weights()[0] == expected).all()


def test_weights_files_that_do_not_fit_say_why(network, backbone_npz, tmp_path):
    with np.load(backbone_npz) as file:
        arrays = {key: file[key] for key in file.files}
    early = tmp_path / "early.npz"
    np.savez(early, **{key: value for key, value in arrays.items() if not key.startswith("conv5")})
    with pytest.raises(ModelError, match="20 layers of resnet50 are missing, the first is conv5_block1_1_conv"):
        weights.load_file(network, early)
    assert len(weights.load_file(network, early, complete=False)) == 20
    arrays["conv1_conv/kernel"] = np.zeros((3, 3, 3, 64))
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(ModelError, match="layer conv1_conv: expected shapes"):
        weights.load_file(network, tmp_path / "wrong.npz")
    with pytest.raises(ModelError, match="no such file"):
        weights.load_file(network, tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.npz: cannot be read as weights"):
        weights.load_file(network, tmp_path / "text.npz")
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(ModelError, match=r"expected a \.npz, \.h5 or \.keras file"):
        weights.load_file(network, tmp_path / "text.txt")


def test_no_network_for_imagenet_weights_names_the_other_choices(network, monkeypatch):
    def unreachable(*_, **__):
        raise OSError("URL fetch failure: name resolution")

    monkeypatch.setattr(keras.applications, "ResNet50", unreachable)
    with pytest.raises(DownloadError, match=r"--backbone FILE.*--backbone pretrained"):
        weights.load_imagenet(network)
