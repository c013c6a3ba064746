"""``report`` as a user types it."""

import json

import pytest

from brain_core.cli import main
from brain_core.models import MODELS
from tests.reports.stored_results import SCORES, rows
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]
FILES = (
    "sample_images.png", "training_history.png", "confusion_matrix.png", "roc_curve.png", "gradcam_heatmaps.png",
    "metrics.json", "metrics.md",
)  # fmt: skip


@pytest.fixture
def out(tmp_path, caplog):
    caplog.set_level("INFO", "brain_core")
    return tmp_path / "results"


def add_predictions(models_dir):
    for name, scores in SCORES.items():
        beside = (models_dir / MODELS[name].file_name).with_suffix(".json")
        data = json.loads(beside.read_text()) | {"predictions": {"test": rows(scores)}}
        beside.write_text(json.dumps(data))


def test_seven_files_listed_on_standard_output_the_same_each_time(in_service, out, capsys, caplog):
    add_predictions(in_service)
    assert main(["report", "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / name) for name in FILES]
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert "scoring 6 synthetic phantoms with custom_cnn and resnet50" in caplog.text
    assert "wrote roc_curve.png" in caplog.text
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["report", "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_command_and_numbers_are_in_the_documents(in_service, out, phantom_dataset, caplog):
    add_predictions(in_service)
    assert main(["report", "--out", str(out), "--dataset", str(phantom_dataset)]) == 0
    found = json.loads((out / "metrics.json").read_text())
    assert found["command"] == f"python -m brain_core report --out {out} --dataset {phantom_dataset}"
    assert found["models"]["custom_cnn"]["test"]["n"] == 14
    assert found["models"]["custom_cnn"]["validation"] == {
        "reason": "not stored: predictions of the validation (python -m brain_core train DATASET)"
    }
    assert f"`{found['command']}`" in (out / "metrics.md").read_text()
    assert "scoring 6 real samples" in caplog.text


def test_nothing_stored_and_a_damaged_model_still_gives_seven_files_and_status_1(in_service, out, capsys, caplog):
    (in_service / MODELS["resnet50"].file_name).write_bytes(b"damaged")
    assert main(["report", "--out", str(out)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == len(FILES)
    assert "error: resnet50: not computed: resnet50_transfer.keras is damaged" in caplog.text


def test_a_damaged_cross_validation_is_named_and_the_rest_goes_on(in_service, out):
    add_predictions(in_service)
    (in_service / "results").mkdir()
    (in_service / "results" / "cross_validation.json").write_text('{"scans": [7]}')
    assert main(["report", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    text = (out / "metrics.md").read_text()
    assert (
        "## Cross-validation\n\nnot computed: stored cross-validation is damaged: expected a table. Received: 7."
        in text
    )
    assert "| n | 14 | 14 |" in text


def test_no_model_at_all(set_environment, tmp_path, out, caplog):
    set_environment(BRAIN_MODELS_DIR=tmp_path / "none")
    assert main(["report", "--out", str(out)]) == 1
    assert "with no model" in caplog.text
    assert len(list(out.iterdir())) == len(FILES)


def test_named_data_set_must_be_one(in_service, out, tmp_path, capsys):
    assert main(["report", "--out", str(out), "--dataset", str(tmp_path / "none")]) == 1
    assert "no such folder" in capsys.readouterr().err
    for folder in ("yes", "no"):
        (tmp_path / "bad" / folder).mkdir(parents=True)
        (tmp_path / "bad" / folder / "bad.png").write_bytes(b"bad")
    assert main(["report", "--out", str(out), "--dataset", str(tmp_path / "bad")]) == 1
    assert "none of its 2 files can be read" in capsys.readouterr().err
    assert not out.exists()


def test_a_file_in_the_way_is_bad_usage(in_service, out, capsys):
    out.write_text("")
    assert main(["report", "--out", str(out)]) == 2
    assert "expected a folder; it is a file" in capsys.readouterr().err
