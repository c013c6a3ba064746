"""Training that was cut off and taken up from its checkpoint, against training that was not."""

import errno
import json
import logging
import shutil
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from brain_core.cli import main
from brain_core.errors import Cancelled, DatasetError, ModelError
from brain_core.models import custom_cnn, resnet50
from brain_core.preprocessing import PreprocessingSpec
from brain_core.training import two_phase
from brain_core.training.batches import Pictures
from brain_core.training.checkpoint import Checkpoint, Snapshot
from brain_core.training.config import TrainConfig
from brain_core.training.extra import Extra
from brain_core.training.run import train_model
from brain_core.training.two_phase import FINETUNE, HEAD, Trainer, train_two_phase
from tests.helpers import put_in_service, tiny_network

SIDE = 32
CONFIG = TrainConfig(epochs_head=3, epochs_finetune=3, batch_size=4, lr_head=0.01, lr_finetune=0.003)
NEXT_TO_NOTHING = 1e-12  # learning rate


def small_custom_cnn() -> keras.Model:
    """One block, whose BatchNorm and dropout have a state of their own."""
    x = inputs = layers.Input((SIDE, SIDE, 3), name="scan")
    x = layers.Conv2D(4, 3, strides=4, padding="same", activation="relu", name="conv3")(x)
    x = layers.BatchNormalization(name="bn3")(x)
    x = layers.Dropout(0.25, name="dropout3")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name="custom_cnn")


def small_resnet50() -> keras.Model:
    """Two layers and both branches of the head."""
    x = inputs = layers.Input((SIDE, SIDE, 3), name="scan")
    for stage in ("conv2_block1", resnet50.LAST_FEATURE_MAP.removesuffix("_out")):
        x = layers.Conv2D(6, 3, strides=4, padding="same", name=f"{stage}_3_conv")(x)
        x = layers.Activation("relu", name=f"{stage}_out")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Add(name="merge")([layers.Dense(8, activation="relu", name=name)(x) for name in resnet50.AFTER_POOLING])
    x = layers.Dropout(0.4, name="dense1_dropout")(layers.BatchNormalization(name="dense1_bn")(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name="resnet50")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Both architectures for squares of 32 pixels, with the layers that two-phase training looks for."""
    monkeypatch.setattr(custom_cnn, "build", small_custom_cnn)
    monkeypatch.setattr(resnet50, "build", small_resnet50)
    monkeypatch.setattr(two_phase, "load_backbone", lambda model, choice: None)


def pictures(seed: int, first: int = 0) -> Pictures:
    """Four dark squares without a tumour, four bright ones with."""
    squares = np.random.default_rng(seed).integers(0, 200, (8, SIDE, SIDE), np.uint8)
    squares[1::2] += 55
    return Pictures(squares, np.array([0, 1] * 4, np.float32), np.arange(8) + first)


TRAIN, VALIDATION = pictures(0), pictures(1, first=8)
EXTRA = Extra(pictures(2, first=16), np.full(8, 1 / 8), 4, {})


def train(name, config, checkpoint=None, report=lambda progress: None, extra=None):
    """The weights at the end, and the history."""
    spec = PreprocessingSpec("unit")
    model, history = train_two_phase(name, TRAIN, VALIDATION, spec, config, report, extra, checkpoint)
    return model.get_weights(), history


def until(phase: str, epoch: int, ended: bool = False):
    """A report that stops training at the first batch of an epoch, or when that has ended."""

    def hear(progress):
        if (progress.phase, progress.epoch) == (phase, epoch) and (progress.epoch_ended or not ended):
            raise Cancelled("cut off")

    return hear


def equal(found, wanted) -> None:
    weights, history = found
    assert history.keys() == wanted[1].keys()
    for phase, rows in wanted[1].items():
        assert len(history[phase]) == len(rows)
        for one, other in zip(history[phase], rows, strict=True):
            assert one == pytest.approx(other, abs=2e-5)
    for one, other in zip(weights, wanted[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "changes", "extra", "cuts"),
    [
        # Its best epoch is one of phase 1, whose end and beginning are cut off.
        ("custom_cnn", {"lr_finetune": 0.5}, None, [(HEAD, 3), (HEAD, 3, True), (FINETUNE, 3)]),
        ("custom_cnn", {"keep": "average", "epochs_head": 0}, EXTRA, [(FINETUNE, 3), (FINETUNE, 3, True)]),
        ("resnet50", {"standardise": True, "schedule": "cosine", "unfreeze": 2}, EXTRA, [(FINETUNE, 2)]),
        ("resnet50", {"standardise": True, "epochs_finetune": 0}, None, [(HEAD, 3, True)]),
    ],
)  # fmt: skip
def test_training_that_was_cut_off_ends_as_training_that_was_not(tmp_path, name, changes, extra, cuts):
    config = replace(CONFIG, **changes)
    wanted = train(name, config, extra=extra)
    if changes.get("lr_finetune"):
        losses = {phase: min(row["val_loss"] for row in rows) for phase, rows in wanted[1].items()}
        assert losses[HEAD] < losses[FINETUNE]
    for cut in cuts:
        with pytest.raises(Cancelled):
            train(name, config, Checkpoint(tmp_path / "kept.npz", "key", every=0), until(*cut), extra)
    heard = []
    equal(train(name, config, Checkpoint(tmp_path / "kept.npz", "key", every=0), heard.append, extra), wanted)
    phase, epoch, *ended = cuts[-1]
    told = [(progress.phase, progress.epoch) for progress in heard if progress.epoch_ended]
    first = epoch if ended else epoch - 1  # the last one that was finished is told of again
    assert told[0] == (phase, first) and len(told) == len(set(told))


def test_epochs_that_were_not_written_are_trained_again(tmp_path):
    config, heard = replace(CONFIG, epochs_head=0), []

    def hear(progress):
        heard.extend([progress.metrics] if progress.epoch_ended else [])
        until(FINETUNE, 3)(progress)

    with pytest.raises(Cancelled):
        train("custom_cnn", config, Checkpoint(tmp_path / "kept.npz", "key", every=600), hear)
    assert len(Checkpoint(tmp_path / "kept.npz", "key").read().history[FINETUNE]) == 1
    _, history = train("custom_cnn", config, Checkpoint(tmp_path / "kept.npz", "key", every=600))
    assert len(history[FINETUNE]) == 3
    assert history[FINETUNE][1] == pytest.approx(heard[1], abs=2e-5)


def snapshot(seed: int = 0) -> Snapshot:
    draw = np.random.default_rng(seed).normal
    arrays = {0: draw(size=(3, 2)).astype(np.float32), 7: np.array(4, np.int64)}
    return Snapshot(HEAD, {HEAD: [{"loss": 0.25}]}, arrays, {1: arrays[0] * 2}, {5: arrays[0] * 3}, 0.125)


@pytest.fixture
def kept(tmp_path):
    """A checkpoint on disk."""
    checkpoint = Checkpoint(tmp_path / "kept.npz", "key")
    checkpoint.write(snapshot())
    return checkpoint


def same(found: Snapshot, wanted: Snapshot) -> bool:
    about = [(each.phase, each.history, each.best_loss) for each in (found, wanted)]
    pairs = [(getattr(found, name), getattr(wanted, name)) for name in ("model", "optimizer", "best")]
    return about[0] == about[1] and all(
        one.keys() == other.keys() and all((one[i] == other[i]).all() and one[i].dtype == other[i].dtype for i in one)
        for one, other in pairs
    )


def test_a_checkpoint_holds_what_was_written_until_it_is_removed(kept, tmp_path):
    assert same(kept.read(), snapshot())
    kept.write(snapshot(1))
    assert same(kept.read(), snapshot(1))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["kept.npz"]
    kept.remove()
    kept.remove()
    assert kept.read() is None


def test_a_checkpoint_of_other_data_or_settings_is_refused(kept, tmp_path):
    words = "The data set, the settings or the weights to start from are no longer those .* Start a new run"
    with pytest.raises(DatasetError, match=words):
        Checkpoint(tmp_path / "kept.npz", "another").read()
    assert same(kept.read(), snapshot())


@pytest.fixture
def begun(prepared, tmp_path, monkeypatch):
    """Checkpoint and settings of a run that was cancelled after two epochs."""
    monkeypatch.setattr(custom_cnn, "build", lambda: tiny_network("custom_cnn"))
    monkeypatch.setattr(two_phase, "_NETWORKS", {})
    path, config = tmp_path / "kept.npz", replace(CONFIG, epochs_finetune=0)
    with pytest.raises(Cancelled):
        train_model("custom_cnn", prepared, tmp_path, config, report=until(HEAD, 2), checkpoint=path)
    return path, config


def test_a_run_of_other_settings_does_not_take_a_checkpoint_up(begun, prepared, tmp_path):
    path, config = begun
    for other in (replace(config, seed=1), replace(config, lr_head=0.02), replace(config, epochs_head=4)):
        with pytest.raises(DatasetError, match="no longer those with which this run began"):
            train_model("custom_cnn", prepared, tmp_path, other, checkpoint=path)


def test_a_run_does_not_go_on_with_other_parts_after_files_were_renamed(begun, prepared, tmp_path):
    """The same scans under other names: the fingerprint and the positions of each part are what they were."""
    path, config = begun
    turned = prepared.dataset.subset(reversed(range(len(prepared.dataset.items))))
    renamed = replace(prepared, dataset=turned, groups=prepared.groups[::-1])
    assert renamed.dataset.fingerprint == prepared.dataset.fingerprint
    with pytest.raises(DatasetError, match="no longer those with which this run began"):
        train_model("custom_cnn", renamed, tmp_path, config, checkpoint=path)


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """A bit of an array's content."""
    at = data.index(snapshot().model[0].tobytes())
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("damage", [cut_short, flipped, lambda data: b"", lambda data: b"\x93NUMPY text", bytes.upper])
def test_a_damaged_checkpoint_begins_anew_with_a_warning(kept, tmp_path, caplog, damage):
    path = tmp_path / "kept.npz"
    path.write_bytes(damage(path.read_bytes()))
    assert kept.read() is None
    assert "kept.npz is damaged (" in caplog.text and "training begins anew" in caplog.text


@pytest.mark.parametrize("about", ["{}", "[]", "3", "{", '{"key": "key"}'])
def test_a_checkpoint_that_says_too_little_of_itself_begins_anew(kept, tmp_path, caplog, about):
    np.savez(tmp_path / "kept.npz", about=np.array(about))
    assert kept.read() is None
    assert "training begins anew" in caplog.text


def test_an_array_in_the_place_of_a_checkpoint_begins_anew(kept, tmp_path, caplog):
    with (tmp_path / "kept.npz").open("wb") as file:
        np.save(file, np.arange(3))
    assert kept.read() is None
    assert "training begins anew" in caplog.text


def test_however_a_checkpoint_is_damaged_it_is_whole_or_nothing(kept, tmp_path):
    """A byte is changed, or the file is cut, at each of many places."""
    logging.disable(logging.WARNING)
    try:
        whole = (tmp_path / "kept.npz").read_bytes()
        for at in range(0, len(whole), 3):
            for data in (whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
                (tmp_path / "kept.npz").write_bytes(data)
                found = kept.read()
                assert found is None or same(found, snapshot()), at
    finally:
        logging.disable(logging.NOTSET)


def test_an_epoch_is_written_when_the_last_one_is_some_time_ago_or_it_ends_the_phase(tmp_path):
    checkpoint = Checkpoint(tmp_path / "kept.npz", "key", every=600)
    assert checkpoint.is_due(last=False)
    checkpoint.write(snapshot())
    assert not checkpoint.is_due(last=False)
    assert checkpoint.is_due(last=True)
    assert Checkpoint(tmp_path / "kept.npz", "key", every=0).is_due(last=False)


def test_a_full_disk_leaves_the_checkpoint_that_was_there(kept, tmp_path, monkeypatch):
    def half(file, **arrays):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("about.npy", b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="No space left"):
        kept.write(snapshot(1))
    assert same(kept.read(), snapshot())
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["kept.npz"]


@pytest.fixture
def champion(models_dir, tmp_path, set_environment):
    """The folder of the service, a small ResNet50 in it that has an opinion."""
    shutil.copytree(models_dir, tmp_path / "service")
    set_environment(BRAIN_MODELS_DIR=tmp_path / "service")
    keras.utils.set_random_seed(5)
    model = resnet50.build()
    probability = model.get_layer("probability")
    probability.set_weights([values * 3 + 0.2 for values in probability.get_weights()])
    put_in_service(tmp_path / "service", "resnet50", model)
    return tmp_path / "service"


@pytest.mark.parametrize("further", [None, EXTRA])
def test_a_head_to_go_on_from_says_the_same_of_standardised_features(champion, further):
    config = replace(
        CONFIG, start="service", standardise=True, epochs_head=1, epochs_finetune=0, lr_head=NEXT_TO_NOTHING,
        keep="last",
    )  # fmt: skip
    start = two_phase.initial_model("resnet50", config)
    seen = TRAIN.squares[..., None].repeat(3, axis=-1).astype(np.float32) / 255
    before = start.predict(seen, verbose=0)
    assert before.std() > 1e-3
    trainer = Trainer(start, PreprocessingSpec("unit"), config)
    for each in start.layers:  # their running statistics are no matter of the learning rate
        if isinstance(each, layers.BatchNormalization):
            each.momentum = 1.0
    trainer.fit(TRAIN, VALIDATION, extra=further)
    np.testing.assert_allclose(start.predict(seen, verbose=0), before, atol=2e-4)


def test_the_model_in_service_is_what_training_starts_from(champion):
    config = replace(CONFIG, start="service")
    found = two_phase.initial_model("resnet50", config).get_weights()
    for one, other in zip(
        found, keras.models.load_model(champion / "resnet50_transfer.keras").get_weights(), strict=True
    ):
        assert (one == other).all()


def test_a_model_of_another_architecture_is_no_start(champion):
    with pytest.raises(
        ModelError, match="custom_cnn_fixed.keras: expected a model of resnet50. Received: .*custom_cnn"
    ):
        two_phase.initial_model("resnet50", replace(CONFIG, start=str(champion / "custom_cnn_fixed.keras")))
    with pytest.raises(ModelError, match="is no custom_cnn of this program's architecture"):
        two_phase.initial_model("custom_cnn", replace(CONFIG, start="service"))
    with pytest.raises(ModelError, match="no such file"):
        two_phase.initial_model("resnet50", replace(CONFIG, start=str(champion / "none.keras")))
    (champion / "text.keras").write_text("no model")
    with pytest.raises(ModelError, match="text.keras: cannot be read as a model"):
        two_phase.initial_model("resnet50", replace(CONFIG, start=str(champion / "text.keras")))


def test_a_fresh_split_for_a_model_that_has_learned_already_is_refused(champion, phantom_dataset, settings, capsys):
    assert main(["train", str(phantom_dataset), "--start", "service", "--split", "fresh"]) == 2
    assert "expected --split inherit, so that none of them is tested on. Received: --split fresh" in (
        capsys.readouterr().err
    )
    assert not (settings.home / "runs").exists()


def test_what_a_checkpoint_says_of_itself_is_plain_json(kept, tmp_path):
    with np.load(tmp_path / "kept.npz") as file:
        about = json.loads(str(file["about"]))
    said = {"key": "key", "phase": HEAD, "history": {HEAD: [{"loss": 0.25}]}, "best_loss": 0.125}
    assert about == said | {"arrays": {"model": 2, "optimizer": 1, "best": 1}}
