"""Training end to end on phantoms: short, but the very code that trains the models in service."""

import json
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import load_dataset
from brain_core.errors import Cancelled, ConfigError, DatasetError
from brain_core.evaluation import evaluate
from brain_core.inference import Detector
from brain_core.models import MODELS, resnet50, weights
from brain_core.preprocessing import PreprocessingSpec, prepare, scale, square
from brain_core.registry import sha256_of
from brain_core.scans.phantom import Phantom, draw, write_dataset
from brain_core.training import backbones, two_phase
from brain_core.training.batches import Pictures
from brain_core.training.config import TrainConfig
from brain_core.training.pretraining import PretrainConfig, pretrain, run
from brain_core.training.pretraining.run import _hold_out, _without_copies
from brain_core.training.pretraining.views import Kinds, Views, _cut_out
from brain_core.training.run import prepare_run, train_model
from tests.helpers import textured

SHORT = TrainConfig(epochs_head=1, epochs_finetune=1)


@pytest.fixture(scope="module")
def prepared(phantom_dataset):
    return prepare_run(load_dataset(phantom_dataset), seed=0)


@pytest.fixture(scope="module")
def trained(prepared, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("run")
    seen = []
    card = train_model("custom_cnn", prepared, run_dir, SHORT, report=seen.append)
    return card, seen


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("backbone") / "backbone.npz"
    weights.save_npz(MODELS["resnet50"].build(), path)
    return path


def test_training_and_service_see_the_identical_array(prepared):
    for name in MODELS:
        spec = MODELS[name].preprocessing
        chosen = prepared.split.train[:3]
        in_training = scale(two_phase_pictures(prepared, spec), spec.scaling)
        for array, i in zip(in_training, chosen, strict=False):
            assert (array == prepare(prepared.dataset.scans[i], spec)).all()


def two_phase_pictures(prepared, spec):
    return np.stack([square(prepared.dataset.scans[i].grey, spec) for i in prepared.split.train])


def test_metadata_hold_what_the_design_asks_for(trained, prepared):
    card, _ = trained
    data = card.metadata
    assert data["training"]["epochs_head"] == 1
    assert data["training"]["lr_finetune"] == 3e-5
    assert data["preprocessing"] == MODELS["custom_cnn"].preprocessing.to_json()
    assert data["data"]["fingerprint"] == prepared.dataset.fingerprint
    assert [len(data["history"][phase]) for phase in ("phase 1", "phase 2")] == [1, 1]
    assert {"loss", "accuracy", "auc", "val_loss"} <= set(data["history"]["phase 1"][0])
    assert data["parameters"] == 40_673
    found = data["calibration"]
    assert found["method"] == "temperature" and found["fitted_on"] == "validation, n = 4" and found["slope"] > 0
    assert found["before"].keys() == found["after"].keys() == {"validation", "test"}
    ids = [
        data["data"]["train"],
        *([row["id"] for row in data["predictions"][part]] for part in ("validation", "test")),
    ]
    flat = [i for part in ids for i in part]
    assert len(flat) == len(set(flat)) == len(prepared.dataset.items)


def test_operating_point_comes_from_validation_alone(trained):
    from brain_core.thresholds import best_balanced_accuracy

    card, _ = trained
    rows = card.metadata["predictions"]["validation"]
    labels, scores = [r["label"] for r in rows], [r["probability"] for r in rows]
    assert card.operating_point.threshold == pytest.approx(best_balanced_accuracy(labels, scores), abs=1e-5)
    assert card.operating_point.fitted_on == f"validation, n = {len(rows)}"


def test_stored_predictions_are_those_of_the_saved_file(trained, prepared):
    card, _ = trained
    detector = Detector(card)
    by_id = {item.id: scan for item, scan in zip(prepared.dataset.items, prepared.dataset.scans, strict=True)}
    for row in card.metadata["predictions"]["test"]:
        assert detector.predict([by_id[row["id"]]])[0].probability == pytest.approx(row["probability"], abs=1e-4)


def test_evaluate_on_the_stored_test_part_repeats_the_stored_metrics(trained, prepared):
    card, _ = trained
    result = evaluate(prepared.dataset, Detector(card), "test")
    stored = card.metadata["metrics"]["test"]
    assert result.metrics.n == stored["n"]
    assert result.metrics.accuracy.value == stored["accuracy"]["value"]
    assert result.trained_on == 0
    everything = evaluate(prepared.dataset, Detector(card), "all")
    assert everything.metrics.n == len(prepared.dataset.items)
    assert everything.trained_on == len(prepared.split.train)


def test_test_part_of_another_data_set_is_refused(trained, tmp_path):
    other = load_dataset(write_dataset(tmp_path, 2, seed=99, size=128))
    with pytest.raises(DatasetError, match="none of the .* scans of the test part"):
        evaluate(other, Detector(trained[0]), "test")


def test_progress_names_phase_epoch_and_batch(trained):
    _, seen = trained
    assert {(p.phase, p.epochs) for p in seen} == {("phase 1", 1), ("phase 2", 1)}
    last = seen[-1]
    assert last.epoch_ended
    assert last.metrics["val_loss"] > 0


def test_same_seed_same_model(prepared, tmp_path):
    config = replace(SHORT, epochs_finetune=0)
    cards = [train_model("custom_cnn", prepared, tmp_path / str(i), config) for i in range(2)]
    first, second = ([r["probability"] for r in card.metadata["predictions"]["test"]] for card in cards)
    assert first == pytest.approx(second, abs=1e-4)


def test_cancelled_run_leaves_nothing(prepared, tmp_path):
    def stop(_):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        train_model("custom_cnn", prepared, tmp_path / "run", SHORT, report=stop)
    assert not (tmp_path / "run").exists()


def test_resnet50_trains_its_top_and_nothing_else(prepared, backbone, tmp_path):
    config = TrainConfig(epochs_head=1, epochs_finetune=1, lr_finetune=0.01, backbone=str(backbone), keep="last")
    card = train_model("resnet50", prepared, tmp_path, config)
    assert card.metadata["training"]["backbone"] == "backbone.npz"
    assert card.metadata["backbone"] == {"source": "backbone.npz", "sha256": sha256_of(backbone)}
    assert card.path.stat().st_size < 60e6
    start = MODELS["resnet50"].build()
    weights.load_file(start, backbone)
    model = card.load()
    layers = resnet50.backbone_layers(model)
    for position, layer in enumerate(layers):
        if not layer.weights:
            continue
        pairs = zip(layer.get_weights(), start.get_layer(layer.name).get_weights(), strict=True)
        same = all(np.allclose(a, b, rtol=2**-10) for a, b in pairs)
        may_move = position >= len(layers) - 30 and not isinstance(layer, keras.layers.BatchNormalization)
        assert same != may_move, layer.name


def test_cached_features_train_the_head_as_the_plain_loop_does(backbone, monkeypatch):
    """Phase 1 with cached features against the whole model with a frozen backbone.

    Without dropout, whose draws differ, and with plain gradient descent, since Adam steps by the gradient's sign and a
    gradient of rounding size may step either way.
    """
    monkeypatch.setattr(keras.optimizers, "Adam", keras.optimizers.SGD)
    monkeypatch.setattr(keras.layers.Dropout, "call", lambda self, inputs, training=False: inputs)
    squares = np.random.default_rng(0).integers(0, 256, (8, 224, 224), np.uint8)
    part = Pictures(squares, np.array([0, 1] * 4, np.float32), np.arange(8))
    config = TrainConfig(epochs_head=2, epochs_finetune=0, lr_head=0.1, backbone=str(backbone), keep="last")

    keras.utils.set_random_seed(config.seed)
    plain = MODELS["resnet50"].build()
    weights.load_file(plain, backbone)
    names = ("branch1", "dense1", "dense2", "probability", "dense1_bn")
    start = {name: plain.get_layer(name).get_weights() for name in names}
    for layer in resnet50.backbone_layers(plain):
        layer.trainable = False
    plain.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    plain.fit(scale(squares, "caffe"), part.labels[:, None], batch_size=8, epochs=2, verbose=0)

    cached, _ = two_phase.train_two_phase("resnet50", part, part, PreprocessingSpec("caffe"), config)

    for name in names:
        ends = cached.get_layer(name).get_weights(), plain.get_layer(name).get_weights()
        for found, wanted, before in zip(*ends, start[name], strict=True):
            assert np.linalg.norm(wanted - before) > 0, name
            assert np.linalg.norm(found - wanted) < 0.01 * np.linalg.norm(wanted - before), name


def test_pretrained_backbone_that_is_not_there_names_the_command(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr(backbones, "SHIPPED", tmp_path)
    with pytest.raises(ConfigError, match="python -m brain_core pretrain DATASET"):
        train_model("resnet50", prepared, tmp_path, replace(SHORT, backbone="pretrained"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs_head": -1}, "epochs_head: expected 0 or more. Received: -1"),
        ({"epochs_head": 0, "epochs_finetune": 0}, "at least one epoch"),
        ({"batch_size": 1}, "batch_size: expected 2 or more"),
        ({"lr_head": 0.0}, "lr_head: expected a number between 0 and 1"),
        ({"keep": "worst"}, "keep: expected one of best, last, average"),
    ],
)
def test_settings_out_of_range(change, message):
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**change)


def test_defaults_are_the_briefs():
    config = TrainConfig()
    assert (config.epochs_head, config.epochs_finetune, config.lr_head, config.lr_finetune) == (20, 15, 3e-4, 3e-5)
    assert (config.unfreeze, config.batch_size, config.backbone) == (30, 8, "imagenet")
    a = config.augmentation
    assert (a.rotation, a.shift, a.flip, a.zoom, a.brightness) == (15, 0.05, 0.5, (0.95, 1.05), (0.95, 1.05))


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


def test_pretraining_writes_a_backbone_and_goes_on_from_its_last_epoch(kinds, backbone, tmp_path):
    config = PretrainConfig(epochs=2, size=64, batch_size=4, precision="float32")
    seen = []

    def stop_in_epoch_2(progress):
        if progress.epoch == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        pretrain(kinds, tmp_path / "run", config, init=backbone, report=stop_in_epoch_2)
    first = json.loads((tmp_path / "run" / "pretraining.json").read_text())
    assert len(first["epochs"]) == 1
    path = pretrain(kinds, tmp_path / "run", config, init=backbone, report=seen.append)
    assert {progress.epoch for progress in seen} == {2}
    second = json.loads((tmp_path / "run" / "pretraining.json").read_text())
    assert second["epochs"][0] == first["epochs"][0]
    assert len(second["epochs"]) == 2
    model = MODELS["resnet50"].build()
    assert weights.load_file(model, path) == []
    start = MODELS["resnet50"].build()
    weights.load_file(start, backbone)
    moved = [
        not np.array_equal(model.get_layer(f"conv{s}_block1_1_conv").get_weights()[0],
                           start.get_layer(f"conv{s}_block1_1_conv").get_weights()[0])
        for s in (2, 3, 4, 5)
    ]  # fmt: skip
    assert moved == [True] * 4


def test_without_an_early_rate_the_given_stages_stay_as_they_came(kinds, backbone, tmp_path):
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


def test_copies_of_what_is_evaluated_later_are_left_out_with_their_near_copies(tmp_path, monkeypatch):
    """The second picture is mirrored in the other set; the fourth is the second, stored anew a little brighter."""
    pictures = [textured(seed) for seed in range(3)]
    for root, shown in (("collection", [*pictures, cv2.add(pictures[1], 2)]), ("later", [pictures[1][:, ::-1]])):
        (tmp_path / root / "no").mkdir(parents=True)
        for number, picture in enumerate(shown):
            cv2.imwrite(str(tmp_path / root / "no" / f"{number}.png"), picture)
    collection, later = (load_dataset(tmp_path / root) for root in ("collection", "later"))
    left, record = _without_copies(collection, later, tmp_path / "known")
    assert [item.path.name for item in left.items] == ["0.png", "2.png"]
    assert record == {"copies_of": "later", "fingerprint": later.fingerprint, "n": 2}
    monkeypatch.setattr(run, "copies_of", None)  # what is known is not searched for again
    assert [item.path.name for item in _without_copies(collection, later, tmp_path / "known")[0].items] == [
        "0.png",
        "2.png",
    ]
    assert _without_copies(collection, None, tmp_path) == (collection, None)


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
