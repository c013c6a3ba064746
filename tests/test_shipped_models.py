"""The models in `saved_models/`: what they claim to be, and the same answers as when they were measured."""

import keras
import pytest

from brain_core.datasets.index import list_items
from brain_core.inference import Detector
from brain_core.models import MODELS
from brain_core.registry import read_card, sha256_of
from brain_core.scans import read_file
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
