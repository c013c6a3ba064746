"""The stored comparison of focus: there, absent, stale, older and damaged. Needs no TensorFlow."""

import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from brain_core.errors import ResultsError
from brain_core.evaluation.focus import Focus, Row
from brain_core.evaluation.stored_focus import read_focus
from brain_core.evaluation.stored_results import NotStored
from brain_core.files import write_json
from brain_core.preprocessing import PreprocessingSpec
from brain_core.registry import FOCUS, ModelCard, OperatingPoint, results_file

PROJECT = Path(__file__).resolve().parents[2]
LAYERS = {"custom_cnn": "conv3", "resnet50": "conv5"}
VERSIONS = {"custom_cnn": "v1", "resnet50": "v2"}
CARDS = [
    ModelCard(
        name, VERSIONS[name], Path("x"), "ff", PreprocessingSpec("unit"), LAYERS[name], OperatingPoint(0.5, "", ""), {}
    )
    for name in LAYERS
]
ROWS = (
    Row("yes/a.png", "aa", 1, 4, {"custom_cnn": 0.9, "resnet50": 0.6}, ("custom_cnn", "resnet50"), 0.25, 0.125),
    Row("no/b.png", "bb", 0, 7, {"custom_cnn": 0.7, "resnet50": 0.1}, ("resnet50",), None, None, "flat"),
)
STORED = Focus("phantoms", VERSIONS, LAYERS, {"custom_cnn": 0.5, "resnet50": 0.5}, ROWS)


@pytest.fixture(autouse=True)
def models_dir(tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    return tmp_path


def store(**changes):
    write_json(results_file(FOCUS), STORED.to_json() | changes)


def changed(**values):
    """Rows of which the first has other values."""
    first, second = (asdict(row) for row in ROWS)
    return [first | values, second]


def test_what_was_stored_is_read_back():
    store()
    assert read_focus(CARDS) == STORED
    assert read_focus(reversed(CARDS)).subsets == STORED.subsets


def test_nothing_stored_says_what_stores_it():
    found = read_focus(CARDS)
    assert isinstance(found, NotStored)
    assert found.reason == ("no comparison of focus is stored; python -m brain_core focus DATASET --store stores one")


def test_another_version_in_service_makes_it_stale():
    store()
    found = read_focus([CARDS[0], replace(CARDS[1], version="v3")])
    assert isinstance(found, NotStored)
    assert found.reason == (
        "the stored one compares custom_cnn v1 (conv3) and resnet50 v2 (conv5); "
        "in service: custom_cnn v1 (conv3) and resnet50 v3 (conv5); "
        "python -m brain_core focus DATASET --store compares anew"
    )


def test_another_layer_makes_it_stale():
    store()
    assert (
        "in service: custom_cnn v1 (conv2) and"
        in read_focus([replace(CARDS[0], gradcam_layer="conv2"), CARDS[1]]).reason
    )


def test_a_model_out_of_service_makes_it_stale():
    store()
    assert "in service: custom_cnn v1 (conv3); python" in read_focus(CARDS[:1]).reason


def test_who_is_right_follows_the_operating_point_in_use():
    store()
    moved = replace(CARDS[0], operating_point=OperatingPoint(0.95, "reader", ""))
    found = read_focus([moved, CARDS[1]])
    assert [row.right for row in found.rows] == [("resnet50",), ("custom_cnn", "resnet50")]
    assert found.thresholds == {"custom_cnn": 0.95, "resnet50": 0.5}
    assert [s.n for s in found.subsets] == [2, 1, 1, 0]


def test_what_is_only_shown_may_be_missing():
    rows = [{k: v for k, v in row.items() if k not in ("id", "sha256", "right", "reason")} for row in changed()]
    store(rows=rows, layers=None, data=None, thresholds=None, subsets=None)
    found = read_focus(CARDS)
    assert (found.data, found.layers) == ("unknown", {})
    assert [(row.id, row.sha256, row.right) for row in found.rows] == [("", "", row.right) for row in ROWS]
    assert found.subsets == STORED.subsets


def test_a_record_without_versions_is_stale():
    store(versions=None)
    assert read_focus(CARDS).reason.startswith("the stored one compares unknown versions; in service: custom_cnn v1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"versions": ["v1"]}, r"versions: expected a table. Received: \['v1'\]"),
        ({"rows": None}, "rows: expected a list. Received: None"),
        ({"rows": [3]}, "row: expected a table. Received: 3"),
        ({"rows": changed(label=2)}, "label: expected 0 or 1. Received: 2"),
        ({"rows": changed(group="a")}, "group: expected a whole number. Received: 'a'"),
        ({"rows": changed(probabilities={"custom_cnn": 0.5})}, "probability: expected a number from 0 to 1. .* None"),
        ({"rows": changed(correlation=-1.5)}, "correlation: expected a number from -1 to 1. Received: -1.5"),
        ({"rows": changed(correlation=float("nan"))}, "correlation: expected a number from -1 to 1. Received: nan"),
        ({"rows": changed(overlap=-0.1)}, "overlap: expected a number from 0 to 1. Received: -0.1"),
        ({"rows": changed(overlap="half")}, "overlap: expected a number from 0 to 1. Received: 'half'"),
    ],
)
def test_a_damaged_record_is_named_with_the_way_to_mend_it(changes, message):
    store(**changes)
    with pytest.raises(ResultsError, match=f"comparison of focus is damaged: {message}.*git checkout.*focus DATASET"):
        read_focus(CARDS)


@pytest.mark.parametrize(("text", "message"), [("{", "Expecting property name"), ("[]", "record: expected a table")])
def test_a_file_that_holds_no_record_is_named(models_dir, text, message):
    (models_dir / "results").mkdir()
    (models_dir / "results" / "focus.json").write_text(text)
    with pytest.raises(ResultsError, match=f"comparison of focus is damaged: {message}"):
        read_focus(CARDS)


def test_importing_needs_no_tensorflow():
    script = (
        "import sys, brain_core.evaluation.stored_focus; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
