"""Pretraining end to end on phantoms, and what its views ask."""

import json
import logging
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import load_dataset
from brain_core.errors import Cancelled, ConfigError
from brain_core.models import resnet50, weights
from brain_core.scans.phantom import Phantom, draw, write_dataset
from brain_core.training.pretraining import PretrainConfig, network, pretrain
from brain_core.training.pretraining.run import _hold_out
from brain_core.training.pretraining.views import Kinds, Views, _cut_out


@pytest.fixture
def kinds(tmp_path):
    source = write_dataset(tmp_path / "source", 6, seed=5, size=64)
    root = tmp_path / "kinds"
    pictures = {"yes": sorted((source / "yes").iterdir()), "no": sorted((source / "no").iterdir())}
    for folder, files in {
        "glioma": pictures["yes"][:3],
        "pituitary": pictures["yes"][3:],
        "notumor": pictures["no"],
    }.items():
        (root / folder).mkdir(parents=True)
        for file in files:
            file.rename(root / folder / file.name)
    return load_dataset(root)


def small_backbone(size: int) -> keras.Model:
    """The stages of ResNet50, of one narrow convolution each."""
    x = inputs = layers.Input((size, size, 3), name="scan")
    for stage in resnet50.STAGES:
        block = resnet50.LAST_FEATURE_MAP.removesuffix("_out") if stage == "conv5" else f"{stage}_block1"
        x = layers.Conv2D(8, 3, strides=2, padding="same", name=f"{block}_1_conv")(x)
        x = layers.BatchNormalization(name=f"{block}_1_bn")(x)
        x = layers.Activation("relu", name=f"{block}_out")(x)
    return keras.Model(inputs, x, name="resnet50_backbone")


@pytest.fixture
def small(monkeypatch, tmp_path):
    """ResNet50 is small, and compiled by XLA as the large one is; a file of its weights to start from."""
    monkeypatch.setattr(resnet50, "build_backbone", small_backbone)
    keras.utils.set_random_seed(0)
    weights.save_npz(small_backbone(64), tmp_path / "small.npz")
    return tmp_path / "small.npz"


def test_pretraining_writes_a_backbone_and_goes_on_from_its_last_epoch(kinds, small, tmp_path):
    config = PretrainConfig(epochs=2, size=64, batch_size=4, precision="float32")
    seen = []

    def stop_in_epoch_2(progress):
        if progress.epoch == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pretrain(kinds, tmp_path / "run", config, init=small, report=stop_in_epoch_2)
    first = json.loads((tmp_path / "run" / "pretraining.json").read_text())
    assert len(first["epochs"]) == 1
    path = pretrain(kinds, tmp_path / "run", config, init=small, report=seen.append)
    assert {progress.epoch for progress in seen} == {2}
    second = json.loads((tmp_path / "run" / "pretraining.json").read_text())
    assert second["epochs"][0] == first["epochs"][0]
    assert len(second["epochs"]) == 2
    model = small_backbone(64)
    assert weights.load_file(model, path) == []
    start = small_backbone(64)
    weights.load_file(start, small)
    kernels = [name for name in (layer.name for layer in model.layers) if name.endswith("_1_conv")]
    pairs = [(model.get_layer(name).get_weights()[0], start.get_layer(name).get_weights()[0]) for name in kernels]
    assert [not np.array_equal(*pair) for pair in pairs] == [True] * 5


QUICK = PretrainConfig(epochs=2, size=64, batch_size=4, objectives=("classes",))


def never(progress):
    raise AssertionError(f"trained epoch {progress.epoch}")


@pytest.fixture
def begun(kinds, small, tmp_path, monkeypatch):
    """The folder of a run that was cut off in its second epoch."""
    monkeypatch.setattr(network, "XLA", ())

    def stop_in_epoch_2(progress):
        if progress.epoch == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pretrain(kinds, tmp_path / "run", QUICK, init=small, report=stop_in_epoch_2)
    return tmp_path / "run"


@pytest.fixture
def noise(tmp_path):
    """A data set without a copy of any phantom."""
    for seed, folder in enumerate(("yes", "no")):
        (tmp_path / "noise" / folder).mkdir(parents=True)
        picture = np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8)
        cv2.imwrite(str(tmp_path / "noise" / folder / "1.png"), picture)
    return load_dataset(tmp_path / "noise")


def test_a_run_does_not_go_on_with_other_data_settings_or_exclusions(kinds, small, noise, begun, tmp_path):
    stored = (begun / "pretraining.json").read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / small.name).write_bytes(small.read_bytes())
    (elsewhere / "pretraining.json").write_text('{"epochs": []}')
    fewer = kinds.subset(range(1, len(kinds.items)))
    for data, config, changes, names in [
        (kinds, QUICK, {"exclude": noise}, "excluded"),
        (kinds, replace(QUICK, seed=3, lr=0.01), {}, "config.lr, config.seed, held_out_sha256"),
        (kinds, replace(QUICK, epochs=3), {}, "config.epochs"),
        (kinds, QUICK, {"init": None}, "init"),
        (kinds, QUICK, {"init": elsewhere / small.name}, "init_pretraining"),
        (fewer, replace(QUICK, held_out=0.0), {}, "config.held_out, data.fingerprint, data.n, held_out_sha256"),
    ]:
        with pytest.raises(ConfigError) as refused:
            pretrain(data, begun, config, **{"init": small, **changes}, report=never)
        assert str(refused.value) == (
            f"{begun}: expected the data, settings and weights with which the pretraining there began. "
            f"Received others: {names}. To begin anew, name another --run-dir."
        )
    assert (begun / "pretraining.json").read_bytes() == stored


def test_a_finished_run_says_so_and_trains_nothing(kinds, small, begun, caplog):
    heard = []
    path = pretrain(kinds, begun, QUICK, init=small, report=heard.append)
    assert {progress.epoch for progress in heard} == {2}
    before = {file.name: file.read_bytes() for file in (path, begun / "pretraining.json")}
    caplog.set_level(logging.INFO, "brain_core")
    assert pretrain(kinds, begun, QUICK, init=small, report=never) == path
    assert f"{begun} holds this run, finished after 2 epochs: nothing is trained." in caplog.text
    assert {file.name: file.read_bytes() for file in (path, begun / "pretraining.json")} == before
    with pytest.raises(ConfigError, match="Received others: config.seed"):
        pretrain(kinds, begun, replace(QUICK, seed=5), init=small, report=never)


def test_without_an_early_rate_the_given_stages_stay_as_they_came(kinds, backbone, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "XLA", ())  # of the whole ResNet50 it takes long to compile
    given = dict(np.load(backbone))
    partial = {name: values for name, values in given.items() if not name.startswith("conv5")}
    np.savez(tmp_path / "conv1_to_conv4.npz", **partial)
    config = PretrainConfig(epochs=1, size=64, batch_size=4, early_lr=0, objectives=("classes",))
    path = pretrain(kinds, tmp_path / "run", config, init=tmp_path / "conv1_to_conv4.npz")
    with np.load(path) as after:
        assert all(np.array_equal(after[name], values) for name, values in partial.items())
        assert not np.array_equal(after["conv5_block1_1_conv/kernel"], given["conv5_block1_1_conv/kernel"])


def test_pretraining_with_nothing_to_learn_from(prepared, tmp_path):
    with pytest.raises(ConfigError, match="nothing to learn"):
        pretrain(prepared.dataset, tmp_path, PretrainConfig(objectives=("distillation", "kind")))


def test_pretraining_never_shows_the_scans_held_out(prepared):
    config = PretrainConfig(held_out=0.25)
    shown, hidden = _hold_out(prepared.dataset, config)
    groups = near_duplicate_groups(prepared.dataset.scans)
    assert sorted([*shown, *hidden]) == list(range(len(groups)))
    assert len(set(groups[hidden])) == round(0.25 * len(set(groups)))
    assert not set(groups[shown]) & set(groups[hidden])


def test_painted_lesions_are_asked_of_scans_without_a_tumour_only():
    """Half of four healthy pictures get a lesion; the target is its share of each cell, the weight excludes tumours."""
    pictures = np.stack([draw(Phantom(seed=seed, size=224)).pixels for seed in range(4)] * 2)
    kinds = Kinds(np.repeat([0, 1], 4), np.repeat([0, 1], 4).astype(np.float32))
    config = PretrainConfig(size=128, batch_size=64)
    batch = Views(pictures, kinds, ("kind", "lesion"), config, epoch=0)[0]
    scans, targets, counted = batch
    assert scans.shape == (64, 128, 128, 3) and targets["lesion"].shape == (64, 16)
    np.testing.assert_array_equal(counted["lesion"], 1 - counted["kind"])
    healthy = counted["lesion"] > 0
    assert 20 < healthy.sum() < 44  # the classes are drawn alike
    assert not targets["lesion"][~healthy].any()
    painted = targets["lesion"][healthy].any(axis=1).mean()
    assert 0.25 < painted < 0.75
    assert targets["lesion"].min() >= 0 and targets["lesion"].max() <= 1


def test_the_class_of_a_scan_with_a_painted_lesion_is_not_asked():
    pictures = np.stack([draw(Phantom(seed=seed, size=224)).pixels for seed in range(4)] * 2)
    kinds = Kinds(np.repeat([0, 1], 4), np.repeat([0, 1], 4).astype(np.float32))
    config = PretrainConfig(size=128, batch_size=64, objectives=("classes", "lesion"))
    _, targets, counted = Views(pictures, kinds, ("classes", "lesion"), config, epoch=0)[0]
    painted = targets["lesion"].any(axis=1)
    assert 0 < painted.sum() < 64
    np.testing.assert_array_equal(counted["classes"] > 0, ~painted)


def test_gentle_views_keep_the_contrast():
    """Of one grey level everywhere: brightness moves by 5 % at most; strong views invert and change the curve."""
    pictures = np.full((4, 224, 224), 100, np.uint8)
    kinds = Kinds(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1], np.float32))
    means = {}
    for gentle in (True, False):
        config = PretrainConfig(size=112, batch_size=64, gentle=gentle, model="custom_cnn", objectives=("classes",))
        views, _, _ = Views(pictures, kinds, ("classes",), config, epoch=0)[0]
        assert views.shape[1:3] == (112, 112)
        means[gentle] = views.mean(axis=(1, 2, 3))
    assert 94 / 255 < means[True].min() < means[True].max() < 106 / 255
    assert np.ptp(means[False]) > 0.2


def test_gentle_views_are_cut_out_at_full_resolution():
    """A ramp that rises by 1 a pixel still does so in the view, wherever it was cut out."""
    ramp = np.tile(np.arange(224, dtype=np.uint8), (224, 1))
    seen = {_cut_out(ramp, 160, np.random.default_rng(seed)).tobytes() for seed in range(20)}
    assert len(seen) > 5
    for view in seen:
        row = np.frombuffer(view, np.uint8).reshape(160, 160)[0]
        assert (np.diff(row) == 1).all()
    assert (_cut_out(ramp, 224, np.random.default_rng(0)) == ramp).all()


def test_painted_lesions_and_gentle_views_exclude_each_other():
    with pytest.raises(ConfigError, match="gentle: not with painted lesions"):
        PretrainConfig(gentle=True)


@pytest.mark.parametrize("size", [0, 225])
def test_views_are_no_larger_than_the_picture(size):
    with pytest.raises(ConfigError, match=f"size: expected at most 224 pixels.*Received: {size}"):
        PretrainConfig(size=size)


def test_kinds_are_drawn_alike_within_their_class():
    kinds = Kinds(np.array([0, 1, 1, 1, 2]), np.array([0, 1, 1, 1, 1], np.float32))
    np.testing.assert_allclose(kinds.chance(), [1 / 2, 1 / 12, 1 / 12, 1 / 12, 1 / 4])
