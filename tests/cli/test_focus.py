"""``focus`` as a user types it, with two small models in service whose test parts overlap."""

import json

import pytest

from brain_core.cli import main
from brain_core.datasets.index import load_dataset
from brain_core.evaluation.focus import Focus
from brain_core.evaluation.stored_focus import read_focus
from brain_core.registry import FOCUS, read_card, read_results, results_file
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]
FILES = {"custom_cnn": "custom_cnn_fixed.json", "resnet50": "resnet50_transfer.json"}


@pytest.fixture
def common(in_service, phantom_dataset):
    """Of 24 scans, 0 to 19 are in the one test part and 4 to 23 in the other: the 16 in both, sha256."""
    dataset = load_dataset(phantom_dataset)
    rows = [
        {"sha256": scan.sha256[:16], "label": label, "probability": 0.5, "group": i}
        for i, (scan, label) in enumerate(zip(dataset.scans, dataset.labels, strict=True))
    ]
    write_test_part(in_service, "custom_cnn", rows[:20])
    write_test_part(in_service, "resnet50", rows[4:])
    return [row["sha256"] for row in rows[4:20]]


def write_test_part(models_dir, name, rows):
    path = models_dir / FILES[name]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"predictions": {"validation": [], "test": rows}}))


def cards():
    return [read_card(name) for name in FILES]


def test_what_is_printed_is_what_is_stored_and_read(common, phantom_dataset, capsys):
    assert main(["focus", str(phantom_dataset), "--format", "json", "--store"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == read_results(FOCUS)
    assert [row["sha256"] for row in printed["rows"]] == common
    assert printed["n"] == 16 and printed["data"] == phantom_dataset.name
    total, *by_right = printed["subsets"]
    assert total["n"] == 16 == sum(subset["n"] for subset in by_right)
    assert -1 <= total["correlation"]["low"] <= total["correlation"]["value"] <= total["correlation"]["high"] <= 1
    found = read_focus(cards())
    assert isinstance(found, Focus)
    assert json.loads(json.dumps(found.to_json())) == printed


def test_the_table_names_versions_layers_subsets_and_chance(common, phantom_dataset, capsys):
    assert main(["focus", str(phantom_dataset)]) == 0
    lines = capsys.readouterr().out.splitlines()
    compared = "custom_cnn test-1 (conv3) and resnet50 test-2 (conv5_block3_out)"
    assert lines[0] == f"16 scans of {phantom_dataset.name}, in the test parts of {compared}"
    assert [line[2:14].strip() for line in lines[1:-1:3]] == ["all", "both right", "one wrong", "both wrong"]
    assert lines[1].endswith("n = 16, 16 distinct, 0 with a flat heatmap")
    assert lines[-1] == "  overlap of independent heatmaps: 0.053"
    assert not results_file(FOCUS).exists()  # not asked for


def test_scans_that_the_data_set_lacks_are_counted(common, in_service, phantom_dataset, caplog):
    for name in FILES:
        rows = json.loads((in_service / FILES[name]).read_text())["predictions"]["test"]
        write_test_part(in_service, name, [*rows, {**rows[0], "sha256": "elsewhere"}])
    assert main(["focus", str(phantom_dataset)]) == 0
    assert "1 of the 17 scans in both test parts are not in this data set." in caplog.text


def test_a_stored_comparison_is_stale_once_a_model_is_replaced(common, in_service, phantom_dataset, capsys):
    assert main(["focus", str(phantom_dataset), "--store"]) == 0
    path = in_service / FILES["resnet50"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "test-3"}))
    assert "in service: custom_cnn test-1 (conv3) and resnet50 test-3" in read_focus(cards()).reason


def test_models_without_common_scans_are_refused_before_anything_is_read(in_service, tmp_path, capsys):
    for name, sha256 in (("custom_cnn", "aa"), ("resnet50", "bb")):
        write_test_part(in_service, name, [{"sha256": sha256, "label": 1, "probability": 0.5, "group": 0}])
    assert main(["focus", str(tmp_path / "nowhere")]) == 1
    assert "have no scan in common" in capsys.readouterr().err


def test_a_model_out_of_service_is_named(common, in_service, phantom_dataset, capsys):
    (in_service / FILES["resnet50"]).unlink()
    assert main(["focus", str(phantom_dataset)]) == 1
    assert "resnet50_transfer.json is missing" in capsys.readouterr().err


def test_another_data_set_is_refused(common, tmp_path, capsys):
    from brain_core.scans.phantom import write_dataset

    assert main(["focus", str(write_dataset(tmp_path / "other", 1, seed=7, size=128))]) == 1
    assert "Data set other: none of the 16 scans in the test parts of both" in capsys.readouterr().err
