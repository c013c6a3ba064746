"""Training end to end on phantoms: short, but the very code that trains the models in service."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from brain_core import input_gate
from brain_core.datasets.index import load_dataset
from brain_core.errors import Cancelled, ConfigError, DatasetError
from brain_core.evaluation import evaluate
from brain_core.inference import Detector
from brain_core.models import MODELS, resnet50, weights
from brain_core.preprocessing import PreprocessingSpec, prepare, scale, square
from brain_core.registry import sha256_of
from brain_core.scans.phantom import write_dataset
from brain_core.training import backbones, input_reference, two_phase
from brain_core.training.batches import Pictures
from brain_core.training.config import TrainConfig
from brain_core.training.extra import Extra
from brain_core.training.run import train_model

SHORT = TrainConfig(epochs_head=1, epochs_finetune=1)


@pytest.fixture(scope="module")
def trained(prepared, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("run")
    seen = []
    card = train_model("custom_cnn", prepared, run_dir, SHORT, report=seen.append)
    return card, seen


def test_training_and_service_see_the_identical_array(prepared):
    for name in MODELS:
        spec = MODELS[name].preprocessing
        chosen = prepared.split.train[:3]
        in_training = scale(two_phase_pictures(prepared, spec), spec.scaling)
        for array, i in zip(in_training, chosen, strict=False):
            assert (array == prepare(prepared.dataset.scans[i], spec)).all()


def two_phase_pictures(prepared, spec):
    return np.stack([square(prepared.dataset.scans[i].grey, spec) for i in prepared.split.train])


def test_the_custom_cnn_gets_an_input_gate_of_its_own(trained, prepared):
    card, _ = trained
    gate = input_gate.load(card.gate_path, card.sha256)
    assert len(gate.reference) == len(prepared.split.train)
    parts = [*prepared.split.train, *prepared.split.validation]
    assert gate.fitted_on == len(set(prepared.groups[parts].tolist()))
    np.testing.assert_allclose(np.linalg.norm(gate.reference, axis=1), 1, rtol=1e-5)
    (known,) = Detector(card).predict([prepared.dataset.scans[prepared.split.train[0]]])
    assert known.unlikeness is not None


def test_metadata_hold_what_the_inputs_looked_like(trained, prepared):
    kept = input_reference.of_metadata(trained[0].metadata)
    held_out = [*prepared.split.validation, *prepared.split.test]
    assert kept == input_reference.learn(trained[0], prepared.dataset, prepared.groups, prepared.split.train, held_out)


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
    assert found["method"] == "platt" and found["fitted_on"] == "validation, n = 4" and found["slope"] > 0
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


def test_another_rule_can_be_asked_for(prepared, tmp_path):
    config = TrainConfig(epochs_head=1, epochs_finetune=0)
    own = train_model("custom_cnn", prepared, tmp_path, config, rule="default").own_operating_point
    assert (own.threshold, own.rule, own.fitted_on) == (0.5, "default", "not fitted")


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
    assert not card.gate_path.exists()  # its features make none
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


@pytest.mark.parametrize("measured", [True, False])
def test_a_model_trained_whole_ends_with_the_statistics_of_its_training_scans(measured):
    squares = np.random.default_rng(0).integers(0, 256, (8, 224, 224), np.uint8)
    part = Pictures(squares, np.array([0, 1] * 4, np.float32), np.arange(8))
    config = TrainConfig(epochs_head=0, epochs_finetune=2, keep="last", schedule="cosine", measure_statistics=measured)
    model, _ = two_phase.train_two_phase("custom_cnn", part, part, PreprocessingSpec("unit"), config)
    seen = keras.Model(model.inputs[0], model.get_layer("conv3").output).predict(scale(squares, "unit"), verbose=0)
    mean, variance = model.get_layer("bn3").get_weights()[2:]
    close = np.allclose(mean, seen.mean((0, 1, 2)), rtol=1e-3) and np.allclose(variance, seen.var((0, 1, 2)), rtol=1e-3)
    assert close == measured


@pytest.mark.parametrize(("keep", "further"), [("best", 0), ("last", 6)])
def test_a_head_trained_on_standardised_features_fits_the_features_as_they_are(backbone, keep, further):
    """The whole model's loss on the validation scans is the one that phase 1 measured on standardised features."""
    squares = np.random.default_rng(0).integers(0, 256, (8, 224, 224), np.uint8) // np.arange(1, 9)[:, None, None]
    part = Pictures(squares.astype(np.uint8), np.array([0, 1] * 4, np.float32), np.arange(8))
    config = TrainConfig(epochs_head=3, epochs_finetune=0, backbone=str(backbone), keep=keep, standardise=True)
    others = Pictures(part.squares[::-1], part.labels[::-1], part.ids + 8)
    extra = Extra(others, np.full(8, 1 / 8), further, {}) if further else None
    model, history = two_phase.train_two_phase("resnet50", part, part, PreprocessingSpec("caffe"), config, extra=extra)
    losses = [epoch["val_loss"] for epoch in history[two_phase.HEAD]]
    p = model.predict(scale(squares, "caffe"), verbose=0)[:, 0].astype(float)
    loss = -np.log(np.where(part.labels == 1, p, 1 - p)).mean()
    assert loss == pytest.approx(min(losses) if keep == "best" else losses[-1], abs=2e-3)


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
        ({"schedule": "stairs"}, "schedule: expected one of constant, cosine. Received: 'stairs'"),
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
