"""The command line as a user types it: arguments in, output, files and exit status out."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest
from PIL import Image

from brain_core.cli import main
from brain_core.scans.phantom import write_dataset
from tests.helpers import put_in_service


@pytest.fixture
def service(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)
    return models_dir


@pytest.fixture
def scan(phantom_dataset):
    return next((phantom_dataset / "yes").iterdir())


def test_predict_json_is_one_array_of_the_stable_shape(service, scan, capsys):
    assert main(["predict", str(scan), "--format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["model"] for record in records] == ["custom_cnn", "resnet50"]
    assert set(records[0]) == {
        "path", "model", "version", "probability", "threshold", "label", "heatmap", "flags", "seconds",
    }  # fmt: skip
    assert records[0]["path"] == str(scan)
    assert records[0]["heatmap"] is None


def test_bad_file_is_reported_beside_the_good_ones_with_status_1(service, scan, tmp_path, capsys):
    bad = tmp_path / "text.png"
    bad.write_text("no picture")
    assert (
        main(["predict", str(bad), str(tmp_path / "none.png"), str(scan), "--model", "resnet50", "--format", "json"])
        == 1
    )
    records = json.loads(capsys.readouterr().out)
    assert [set(record) == {"path", "error"} for record in records] == [True, True, False]
    assert records[2]["model"] == "resnet50"


def test_csv_has_a_row_a_scan_and_model(service, scan, tmp_path):
    out = tmp_path / "results.csv"
    assert main(["predict", str(scan), "--format", "csv", "--output", str(out)]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [row["model"] for row in rows] == ["custom_cnn", "resnet50"]
    assert 0 <= float(rows[0]["probability"]) <= 1


def test_folder_is_scored_with_heatmaps_that_never_overwrite_each_other(service, scan, tmp_path, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(scan, tmp_path / folder / "same.png")
    maps = tmp_path / "maps"
    arguments = ["predict", str(tmp_path), "--heatmaps", str(maps), "--format", "json", "--model", "custom_cnn"]
    assert main(arguments) == 0
    written = sorted(path.name for path in maps.iterdir())
    assert written == [
        "same-2.png.custom_cnn.map.png", "same-2.png.custom_cnn.png",
        "same.png.custom_cnn.map.png", "same.png.custom_cnn.png",
    ]  # fmt: skip
    records = json.loads(capsys.readouterr().out)
    assert [record["heatmap"] for record in records] == [
        str(maps / "same.png.custom_cnn.png"), str(maps / "same-2.png.custom_cnn.png"),
    ]  # fmt: skip
    bare = Image.open(maps / "same.png.custom_cnn.map.png")
    assert (bare.mode, bare.size) == ("L", Image.open(scan).size)


def test_threshold_takes_the_place_of_the_operating_point(service, scan, capsys):
    assert main(["predict", str(scan), "--threshold", "0", "--format", "json"]) == 0
    assert {r["label"] for r in json.loads(capsys.readouterr().out)} == {"tumor"}


@pytest.mark.parametrize(
    "arguments",
    [["predict"], ["predict", "x.png", "--threshold", "1.5"], ["predict", "x.png", "--model", "vgg"], ["fly"], []],
)
def test_bad_usage_is_status_2(service, arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert capsys.readouterr().out == ""


def test_damaged_model_is_named_and_the_other_goes_on(tmp_path, set_environment, scan, capsys, caplog):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    put_in_service(tmp_path, "custom_cnn")
    put_in_service(tmp_path, "resnet50").write_bytes(b"damaged")
    assert main(["predict", str(scan), "--format", "json"]) == 1
    assert [record["model"] for record in json.loads(capsys.readouterr().out)] == ["custom_cnn"]
    assert "resnet50_transfer.keras is damaged" in caplog.text
    assert main(["models", "list"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert "checksum ok" in first and "DAMAGED: resnet50_transfer.keras is damaged: its checksum" in second
    assert main(["predict", str(scan), "--model", "resnet50"]) == 1
    assert "resnet50_transfer.keras is damaged" in capsys.readouterr().err


def test_models_list(service, capsys):
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["custom_cnn", "test-custom_cnn"], ["resnet50", "test-resnet50"]]
    assert "in service, shipped  custom_cnn_fixed.keras (0.0 MB, checksum ok)  threshold 0.400 (best" in lines[0]


def test_dataset_check_of_a_good_set(phantom_dataset, capsys):
    assert main(["dataset", "check", str(phantom_dataset)]) == 0
    out = capsys.readouterr().out
    assert "24 scans: no 12, yes 12" in out
    assert "0 near-identical copies (the same picture, changed)" in out
    assert "colour modes: grey 24\n" in out
    assert "split by group: train 16, validation 4, test 4\n" in out
    assert out.endswith(
        "  train: tumor 8, no tumor 8\n  validation: tumor 2, no tumor 2\n  test: tumor 2, no tumor 2\n"
    )


def test_dataset_check_names_unreadable_files_copies_and_conflicts(tmp_path, capsys):
    root = write_dataset(tmp_path, 8, seed=2, size=64)
    files = sorted((root / "yes").iterdir())
    shutil.copy(files[0], root / "yes" / "copy.png")
    shutil.copy(files[1], root / "no" / "conflict.png")
    (root / "no" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert main(["dataset", "check", str(root)]) == 1
    out = capsys.readouterr().out
    assert "1 unreadable files\n  broken.png:" in out
    assert "2 byte-identical copies" in out
    assert "1 near-duplicate groups hold both classes\n  no/conflict.png, yes/" in out
    assert "cannot be trained on: 1 near-duplicate groups hold both classes" in out


@pytest.mark.parametrize(
    ("keep", "message"), [("yes", "no scan of class 'no tumor'"), ("no", "no scan of class 'tumor'")]
)
def test_training_on_one_class_is_refused_before_it_starts(tmp_path, capsys, keep, message):
    root = write_dataset(tmp_path, 8, seed=2, size=64)
    shutil.rmtree(root / ("no" if keep == "yes" else "yes"))
    assert main(["train", str(root), "--run-dir", str(tmp_path / "run")]) == 1
    assert message in capsys.readouterr().err
    assert not list((tmp_path / "run").glob("*.keras"))


def test_training_on_too_few_distinct_scans_is_refused(tmp_path, capsys):
    root = write_dataset(tmp_path, 3, seed=2, size=64)
    assert main(["train", str(root)]) == 1
    assert "3 distinct scans (near-copies counted once); at least 7" in capsys.readouterr().err


def test_missing_backbone_is_found_before_either_model_is_trained(phantom_dataset, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", str(phantom_dataset), "--backbone", str(tmp_path / "none.npz"), "--run-dir", str(run)]) == 1
    assert "no such file" in capsys.readouterr().err
    assert not list(run.glob("*.keras"))


def test_train_rejects_settings_out_of_range(phantom_dataset, capsys):
    assert main(["train", str(phantom_dataset), "--batch-size", "1"]) == 2
    assert "batch_size: expected 2 or more" in capsys.readouterr().err


def test_train_evaluate_predict_one_after_the_other(phantom_dataset, scan, tmp_path, set_environment, capsys):
    run = tmp_path / "run"
    short = ["--epochs-head", "1", "--epochs-finetune", "0", "--model", "custom_cnn", "--zoom", "0.9", "1.1"]
    assert main(["train", str(phantom_dataset), *short, "--run-dir", str(run)]) == 0
    assert capsys.readouterr().out == ""
    stored = json.loads((run / "custom_cnn_fixed.json").read_text())
    assert stored["training"]["augmentation"]["zoom"] == [0.9, 1.1]
    set_environment(BRAIN_MODELS_DIR=run)
    assert main(["evaluate", str(phantom_dataset), "--model", "custom_cnn", "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)["custom_cnn"]
    for name in ("accuracy", "precision", "recall", "specificity", "f1", "roc_auc"):
        assert set(result[name]) == {"value", "low", "high"}
    assert result["n"] == len(stored["predictions"]["test"])
    assert {"brier", "ece", "threshold"} <= set(result)
    assert main(["evaluate", str(phantom_dataset), "--model", "custom_cnn", "--split", "all"]) == 0
    assert "n = 24" in capsys.readouterr().out
    assert main(["predict", str(scan), "--model", "custom_cnn"]) == 0


def test_download_without_credentials_says_what_to_do(monkeypatch, tmp_path, capsys):
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main(["dataset", "download"]) == 1
    assert "No Kaggle credentials were found" in capsys.readouterr().err


def test_module_runs_and_help_needs_no_tensorflow():
    code = (
        "import sys; from brain_core.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'tensorflow' not in sys.modules, 'slow'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "predict" in done.stdout
    assert subprocess.run([sys.executable, "-m", "brain_core"], capture_output=True).returncode == 2


@pytest.mark.parametrize("value", ["custom_cnn", "custom_cnn=0", "custom_cnn=x", "vgg=1", "=2"])
def test_repeats_of_a_model_are_a_name_and_a_number(value, capsys, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", str(tmp_path), "--protocol", "cv", "--repeats-of", value])
    assert stopped.value.code == 2
    assert f"expected MODEL=N with a model of custom_cnn, resnet50. Received: '{value}'." in capsys.readouterr().err
