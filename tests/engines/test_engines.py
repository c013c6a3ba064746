"""Both engines answer alike; the export is made once, of the model in service, and never trusted when damaged."""

import gc
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import openvino as ov
import pytest

from brain_core.engines import exported, openvino
from brain_core.errors import ConfigError, ModelError
from brain_core.inference import Detector
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.scans import read_file
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.settings import PROJECT
from brain_core.settings.engine import EngineSettings

OPENVINO = EngineSettings("openvino")
SAME = 1e-3  # probability and heatmap, in float32


@pytest.fixture(scope="module")
def scans():
    return [draw(Phantom(seed=s, lesion=Lesion() if s % 2 else None)) for s in range(3)]


def folders(settings):
    return sorted(path.name for path in (settings.home / "engines").iterdir())


@pytest.mark.parametrize("name", MODELS)
def test_shipped_models_answer_alike_on_real_scans(name, data_dir):
    """Every 16th; `benchmarks/engines.py` goes through all of them."""
    files = sorted(path for path in (data_dir / "navoneel").rglob("*") if path.is_file())
    scans = [read_file(path) for path in files[::16]]
    card = read_card(name)
    usual, fast = Detector(card).predict(scans), Detector(card, OPENVINO).predict(scans)
    for a, b in zip(usual, fast, strict=True):
        assert a.probability == pytest.approx(b.probability, abs=SAME)
        assert a.heatmap == pytest.approx(b.heatmap, abs=SAME)
        assert (a.label, a.flags) == (b.label, b.flags)
        assert a.unlikeness == (None if b.unlikeness is None else pytest.approx(b.unlikeness, rel=1e-3))


def test_the_absence_of_a_tumour_is_explained_alike(models_dir, scans):
    card = read_card("custom_cnn", models_dir)
    usual, fast = (Detector(card, each).predict(scans, target="no tumor") for each in (EngineSettings(), OPENVINO))
    for a, b in zip(usual, fast, strict=True):
        assert a.heatmap == pytest.approx(b.heatmap, abs=SAME)
    with pytest.raises(ModelError, match="Target: expected one of"):
        Detector(card, OPENVINO).predict(scans, target="cyst")


def test_bfloat16_is_on_only_where_it_is_asked_for(models_dir):
    card = read_card("resnet50", models_dir)
    for precision, expected in (("float32", "float"), ("bfloat16", "bfloat16")):
        engine = openvino.OpenVino(card, precision)
        assert expected in str(engine._compiled.get_property("INFERENCE_PRECISION_HINT"))


def test_second_start_takes_the_export_from_the_cache_and_needs_no_tensorflow(models_dir, settings):
    Detector(read_card("custom_cnn", models_dir), OPENVINO)
    (folder,) = (settings.home / "engines").iterdir()
    written = (folder / exported.MODEL).stat().st_mtime_ns
    code = (
        "import sys\nfrom brain_core.inference import Detector\nfrom brain_core.registry import read_card\n"
        "from brain_core.scans.phantom import Phantom, draw\n"
        "found = Detector(read_card('custom_cnn')).predict([draw(Phantom(seed=1))])\n"
        "assert 0 <= found[0].probability <= 1\nassert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    variables = {"BRAIN_ENGINE": "openvino", "BRAIN_HOME": settings.home, "BRAIN_MODELS_DIR": models_dir}
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=_environment(variables), check=True)
    assert (folder / exported.MODEL).stat().st_mtime_ns == written


def _environment(variables):
    import os

    return os.environ | {name: str(value) for name, value in variables.items()}


def test_another_version_of_a_model_has_an_export_of_its_own(models_dir, settings, tmp_path):
    from tests.helpers import put_in_service, tiny_network

    put_in_service(tmp_path / "other", "custom_cnn", tiny_network("custom_cnn", seed=7))
    picture = np.full((1, 224, 224, 3), 0.5, np.float32)
    answers = {
        folder: openvino.OpenVino(read_card("custom_cnn", folder))(picture).probability[0]
        for folder in (models_dir, tmp_path / "other")
    }
    assert len(folders(settings)) == 2
    assert len(set(answers.values())) == 2


def test_what_a_killed_export_left_goes_with_the_next_one(models_dir, settings):
    card = read_card("custom_cnn", models_dir)
    part = settings.home / "engines" / ".part-killed"
    part.mkdir(parents=True)
    (part / exported.MODEL).write_bytes(b"half of a graph")
    found = exported.model_of(card)
    assert not part.exists() and found.is_file()
    part.mkdir()
    assert exported.model_of(card) == found and part.exists()  # nothing is touched where the cache has it


def test_an_export_keeps_the_weights_whoever_searches_for_garbage_meanwhile(models_dir, monkeypatch):
    convert = ov.convert_model
    monkeypatch.setattr(ov, "convert_model", lambda function: (gc.collect(), convert(function))[1])
    for name in MODELS:
        assert exported.model_of(read_card(name, models_dir)).is_file()


@pytest.mark.parametrize(("engine", "is_exported", "needed"), [
    ("tensorflow", False, True), ("openvino", False, True), ("openvino", True, False),
])  # fmt: skip
def test_tensorflow_is_imported_beforehand_where_it_will_be_needed(engine, is_exported, needed, models_dir, settings):
    """A server has to be ready for it before a model loads."""
    if is_exported:
        exported.model_of(read_card("custom_cnn", models_dir))
    code = (
        "import sys\nfrom brain_core import engines\nfrom brain_core.registry import read_card\n"
        "from brain_core.settings import settings\n"
        "engines.load_library(read_card('custom_cnn'), settings().engine)\nprint('tensorflow' in sys.modules)"
    )
    variables = {"BRAIN_ENGINE": engine, "BRAIN_HOME": settings.home, "BRAIN_MODELS_DIR": models_dir}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=_environment(variables),
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == [str(needed)]


def test_a_signal_is_heard_after_models_have_come_and_gone(models_dir, settings):
    """OpenVINO changes the signal stack of the thread that loads it, on some processors."""
    code = (
        "import gc, os, signal\nfrom brain_core.engines.openvino import OpenVino\n"
        "from brain_core.registry import read_card\ncard = read_card('custom_cnn')\n"
        "one, other = OpenVino(card), OpenVino(card)\ndel one\ngc.collect()\ndel other\ngc.collect()\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('heard'))\nos.kill(os.getpid(), signal.SIGTERM)"
    )
    exported.model_of(read_card("custom_cnn", models_dir))
    variables = {"BRAIN_HOME": settings.home, "BRAIN_MODELS_DIR": models_dir}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=_environment(variables), capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "heard\n"), ran.stderr


def test_of_two_that_export_at_once_one_does(models_dir, caplog):
    caplog.set_level("INFO", "brain_core")
    card = read_card("custom_cnn", models_dir)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(exported.model_of, [card, card])
    assert one == other and caplog.text.count("exported for OpenVINO") == 1


@pytest.mark.parametrize("file", [exported.MODEL, exported.WEIGHTS, exported.RECORD])
def test_a_damaged_export_is_made_anew(file, models_dir, settings, caplog):
    card = read_card("custom_cnn", models_dir)
    picture = np.full((1, 224, 224, 3), 0.5, np.float32)
    before = openvino.OpenVino(card)(picture).probability
    path = exported.model_of(card).parent / file
    path.write_bytes(path.read_bytes()[:-20])
    assert openvino.OpenVino(card)(picture).probability == pytest.approx(before)
    assert json.loads((path.parent / exported.RECORD).read_text())["sha256"] == card.sha256
    assert caplog.text.count("the exported model is damaged") == 1
    openvino.OpenVino(card)
    assert caplog.text.count("the exported model is damaged") == 1


def test_a_damaged_model_is_refused_though_its_export_is_whole(models_dir, tmp_path):
    from tests.helpers import put_in_service

    path = put_in_service(tmp_path / "models", "custom_cnn")
    card = read_card("custom_cnn", tmp_path / "models")
    exported.model_of(card)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="custom_cnn_fixed.keras is damaged"):
        Detector(card, OPENVINO)


def test_a_layer_that_is_not_there_is_named(models_dir):
    card = replace(read_card("custom_cnn", models_dir), gradcam_layer="conv9")
    with pytest.raises(ModelError, match="no layer 'conv9'"):
        Detector(card, OPENVINO)


def test_without_the_extra_the_engine_says_how_to_get_it(models_dir, monkeypatch):
    monkeypatch.setattr(openvino, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"OpenVINO is not installed: .* pip install -e '\.\[fast\]'"):
        Detector(read_card("custom_cnn", models_dir), OPENVINO)


def test_settings_name_what_is_known(set_environment):
    settings = set_environment(BRAIN_ENGINE="openvino", BRAIN_ENGINE_PRECISION="bfloat16")
    assert settings.engine == EngineSettings("openvino", "bfloat16")
    assert str(settings.engine) == "openvino, bfloat16"
    with pytest.raises(ConfigError, match="BRAIN_ENGINE: expected one of tensorflow, openvino. Received: 'torch'"):
        EngineSettings("torch")
    with pytest.raises(ConfigError, match="expected one of float32, bfloat16. Received: 'int8'"):
        EngineSettings("openvino", "int8")
    with pytest.raises(ConfigError, match="bfloat16 needs BRAIN_ENGINE=openvino"):
        EngineSettings("tensorflow", "bfloat16")
