"""A model file can carry code: one from outside never gets to run it, whichever way it comes in."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from brain_core import registry
from brain_core.cli import main
from brain_core.datasets import sources
from brain_core.errors import DatasetError, ModelError
from brain_core.models import MODELS, weights
from brain_core.models.saving import save_compact
from brain_core.scans import SourceFile, collect
from brain_core.training import backbones
from brain_core.training.config import TrainConfig
from tests.helpers import put_in_service


@pytest.fixture
def marker(tmp_path) -> Path:
    """What the code in `evil` writes."""
    return tmp_path / "the code ran"


@pytest.fixture(params=MODELS)
def evil(request, tmp_path, marker) -> Path:
    """A model with the name of ours whose code runs as soon as it is rebuilt from its configuration."""
    inputs = layers.Input((8, 8, 3), name="scan")
    spy = f"lambda x: (open({str(marker)!r}, 'w').close(), x)[1]"
    x = layers.Lambda(eval(spy), name="spy")(inputs)  # a text, since the path must be in the code itself
    x = layers.Dense(1, name="conv1" if request.param == "custom_cnn" else "conv1_conv")(x)
    path = tmp_path / "data" / "evil.keras"
    path.parent.mkdir()
    keras.Model(inputs, x, name=request.param).save(path)
    marker.unlink()
    return path


def name_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))["config"]["name"]


def test_its_code_does_run_where_nothing_is_done_about_it(evil, marker):
    keras.models.load_model(evil, safe_mode=False)
    assert marker.exists()


def test_weights_of_it_are_read_without_its_code(evil, marker):
    name = name_of(evil)
    for load in (weights.load_file, weights.load_trained):
        with pytest.raises(ModelError, match=r"evil\.keras: layer conv1\w*: expected shapes"):
            load(MODELS[name].build(), evil)
    assert not weights.holds_layer(evil, "conv5_block3_3_conv")
    assert not marker.exists()


def test_no_command_that_takes_a_file_runs_it(evil, marker, phantom_dataset, tmp_path, capsys, caplog):
    name = name_of(evil)
    evil.with_suffix(".json").write_text(json.dumps({"data": {"train_sha256": ["ab"]}}))
    train = ["train", str(phantom_dataset), "--model", name, "--run-dir", str(tmp_path / "run")]
    pretrain = ["pretrain", str(phantom_dataset), "--model", name, "--run-dir", str(tmp_path / "pre")]
    commands = {
        "custom_cnn": [[*train, "--init", str(evil)], [*pretrain, "--init", str(evil)], ["predict", str(evil)]],
        "resnet50": [[*train, "--backbone", str(evil)], [*pretrain, "--teacher", str(evil)], ["study", str(evil)]],
    }
    for words in (*commands[name], [*train, "--start", str(evil), "--split", "inherit"]):
        assert main(words) in (1, 2)
        assert not marker.exists()
        written = capsys.readouterr()
        told = written.err + written.out + caplog.text
        assert "evil.keras: " in told or "model.weights.h5: neither DICOM" in told
        caplog.clear()
    assert not marker.exists()


def test_the_record_of_a_start_reads_its_checksum_alone(evil, marker):
    config = TrainConfig(start=str(evil)) if name_of(evil) == "custom_cnn" else TrainConfig(backbone=str(evil))
    with pytest.raises(ModelError):
        backbones.check_start(name_of(evil), config)
    assert not marker.exists()


@pytest.mark.parametrize("checksum", ["its own", "another"])
def test_one_in_the_place_of_a_model_in_service_is_not_rebuilt(evil, marker, tmp_path, set_environment, checksum):
    name = name_of(evil)
    set_environment(BRAIN_MODELS_DIR=tmp_path / "service")
    (tmp_path / "service").mkdir()
    path = put_in_service(tmp_path / "service", name)
    path.write_bytes(evil.read_bytes())
    if checksum == "its own":  # whoever can write both is let in by the checksum, and stopped by Keras' safe mode
        beside = path.with_suffix(".json")
        beside.write_text(json.dumps(json.loads(beside.read_text()) | {"sha256": registry.sha256_of(path)}))
    with pytest.raises(ModelError, match="is damaged: its checksum" if checksum == "another" else "cannot be loaded"):
        registry.read_card(name).load()
    assert not marker.exists()


def test_uploads_of_it_are_refused_or_passed_over(evil, marker, tmp_path):
    data = evil.read_bytes()
    for name in ("evil.keras", "evil.zip", "head.png", "head.dcm"):
        collection = collect([SourceFile.of_bytes(data, name)])
        assert not collection.studies and (collection.refused or collection.pictures)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("yes/evil.keras", data)
    with pytest.raises(DatasetError, match="expected pictures"):
        sources.unpack_upload(buffer, "evil.zip")
    assert not marker.exists()


@pytest.mark.parametrize("name", ["custom_cnn"])
def test_the_numbers_of_a_good_file_are_all_there(name, tmp_path):
    keras.utils.set_random_seed(3)
    model, other = MODELS[name].build(), MODELS[name].build()
    save_compact(model, tmp_path / "good.keras")
    model.save_weights(tmp_path / "good.weights.h5")
    for load, file in ((weights.load_trained, "good.keras"), (weights.load_file, "good.weights.h5")):
        other.set_weights([np.zeros_like(each) for each in other.get_weights()])
        load(other, tmp_path / file)
        for one, another in zip(other.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(one, another, rtol=2.0**-10, atol=1e-6)


def test_weights_that_lie_in_another_file_are_refused(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(400))
    with h5py.File(tmp_path / "far.h5", "w") as file:
        file.create_dataset("conv1/kernel:0", (100,), "f4", external=[(str(tmp_path / "secret"), 0, 400)])
    with pytest.raises(ModelError, match="its numbers lie in another file"):
        weights.load_file(MODELS["custom_cnn"].build(), tmp_path / "far.h5")


@pytest.mark.parametrize("kind", ["npz", "h5"])
def test_weights_larger_than_any_model_are_refused_unread(kind, tmp_path):
    path = tmp_path / f"huge.{kind}"
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file.create_dataset("conv1/kernel:0", (1 << 40,), "f4", chunks=(1 << 16,))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("conv1/kernel.npy", bytes(1))
            archive.infolist()[0].file_size = 1 << 31  # what the directory will claim
    with pytest.raises(ModelError, match="MB of weights; up to 500 MB are read"):
        weights.load_file(MODELS["custom_cnn"].build(), path)


def test_a_weights_file_with_python_objects_is_refused(tmp_path, marker):
    class Spy:
        def __reduce__(self):
            return open, (str(marker), "w")

    np.savez(tmp_path / "evil.npz", **{"conv1/kernel": np.array([Spy()], object)})
    with pytest.raises(ModelError, match="cannot be read as weights"):
        weights.load_file(MODELS["custom_cnn"].build(), tmp_path / "evil.npz")
    assert not marker.exists()


def test_nothing_of_ours_unpickles_or_evaluates():
    package = Path(registry.__file__).parent
    words = ("import pickle", "import joblib", "import yaml", "import dill", "eval(", "exec(", "allow_pickle=True")
    unsafe = ("safe_mode=False", "enable_unsafe_deserialization", "importlib.machinery", "marshal")
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in (*words, *unsafe) if word in text], path
        assert text.count("np.load(") == text.count("allow_pickle=False"), path
        assert "load_model(" not in text or path.name in ("registry.py", "saving.py"), path
