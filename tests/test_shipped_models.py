"""The models in `saved_models/`: what they claim to be, and the same answers as when they were measured."""

import keras
import numpy as np
import pytest

from brain_core.datasets.index import list_items
from brain_core.inference import Detector
from brain_core.models import MODELS
from brain_core.registry import INPUT_GATE, read_card, read_results, sha256_of
from brain_core.scans import read_file
from brain_core.scans.other_phantoms import KINDS, other
from brain_core.scans.phantom import draw, random_phantom
from brain_core.settings import PROJECT

SHIPPED = PROJECT / "saved_models"
REAL_SCANS = 30


@pytest.mark.parametrize("name", MODELS)
def test_file_is_small_matches_its_checksum_and_loads_plainly(name):
    card = read_card(name, SHIPPED)
    assert card.path.stat().st_size <= 60e6
    assert sha256_of(card.path) == card.sha256
    model = keras.models.load_model(card.path)
    assert model.input_shape == (None, 224, 224, 3)
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model.count_params() == card.metadata["parameters"]


@pytest.mark.parametrize("name", MODELS)
def test_no_scan_and_no_group_on_two_sides_of_the_stored_split(name):
    data = read_card(name, SHIPPED).metadata
    parts = [{row["group"] for row in data["predictions"][part]} for part in ("validation", "test")]
    assert not parts[0] & parts[1]
    tested = {row["sha256"] for part in ("validation", "test") for row in data["predictions"][part]}
    assert not tested & set(data["data"]["train_sha256"])


@pytest.mark.parametrize("name", MODELS)
def test_real_scans_get_the_stored_predictions(name, data_dir):
    card = read_card(name, SHIPPED)
    paths = {item.id: item.path for item in list_items(data_dir / "navoneel")}
    rows = [row for part in ("validation", "test") for row in card.metadata["predictions"][part]][:REAL_SCANS]
    assert len(rows) == REAL_SCANS
    predictions = Detector(card).predict([read_file(paths[row["id"]]) for row in rows])
    for row, prediction in zip(rows, predictions, strict=True):
        assert prediction.probability == pytest.approx(row["probability"], abs=1e-3), row["id"]


@pytest.fixture(scope="module")
def gated():
    detector = Detector(read_card("custom_cnn", SHIPPED))
    assert detector.gate is not None
    return detector


@pytest.mark.parametrize("kind", KINDS)
def test_the_input_gate_flags_drawings_of_other_things(kind, gated):
    flagged = [not p.assessed for p in gated.predict([other(kind, 500 + seed) for seed in range(10)])]
    assert sum(flagged) >= (6 if kind == "neck" else 10)


def test_the_input_gate_passes_drawn_heads(gated):
    heads = [draw(random_phantom(700 + seed, lesion=bool(seed % 2))) for seed in range(20)]
    assert sum(p.assessed for p in gated.predict(heads)) >= 18


def test_the_input_gate_alarms_on_the_test_part_as_seldom_as_its_card_says(gated, data_dir):
    stored = read_results(INPUT_GATE)
    assert (stored["version"], stored["limit"]) == (gated.card.version, gated.gate.limit)
    paths = {item.id: item.path for item in list_items(data_dir / "navoneel")}
    rows = gated.card.metadata["predictions"]["test"]
    predictions = gated.predict([read_file(paths[row["id"]]) for row in rows])
    flagged = {row["group"] for row, p in zip(rows, predictions, strict=True) if not p.assessed}
    assert len(flagged) <= stored["false_alarms"]["test"]["flagged"] + 1


def test_the_gate_beside_a_model_belongs_to_it():
    card = read_card("custom_cnn", SHIPPED)
    with np.load(card.gate_path, allow_pickle=False) as kept:
        assert str(kept["model_sha256"]) == card.sha256
        assert kept["reference"].shape == (len(card.metadata["data"]["train_sha256"]), 128)
