"""``score`` as a user types it."""

import json
import shutil
import sys

import pytest

from brain_core.cli import main


@pytest.fixture
def scans(tmp_path, phantom_dataset):
    return shutil.copytree(phantom_dataset / "no", tmp_path / "scans")


@pytest.fixture(autouse=True)
def service(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)


def test_the_summary_is_on_standard_output_and_the_status_tells_of_errors(scans, tmp_path, capsys):
    words = ["score", str(scans), "--out", str(tmp_path / "out"), "--model", "custom_cnn", "--shard", "5"]
    assert main(words) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["scored"], summary["errors"], summary["skipped"]) == (12, 0, 0)
    assert summary["seconds"] > 0 and summary["scans_per_second"] > 0
    assert len(list(tmp_path.glob("out/scoring=*/part-*.parquet"))) == 3
    (scans / "bad.png").write_text("no picture")
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out)["errors"] == 1
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out)["errors_before"] == 1


def refused(capsys, *words) -> str:
    assert main(["score", *map(str, words)]) == 2
    return capsys.readouterr().err


def test_bad_usage_is_told(scans, tmp_path, capsys):
    out = ["--out", tmp_path / "out"]
    assert "--shard: expected a whole number from 1 on. Received: 0." in refused(capsys, scans, *out, "--shard", 0)
    assert "--workers: expected together with --engine ray" in refused(capsys, scans, *out, "--workers", 2)
    assert "expected a folder, or a manifest" in refused(capsys, tmp_path / "none", *out)
    assert not (tmp_path / "out").exists()


def test_ray_that_is_not_installed_is_named_with_its_extra(scans, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):  # set for Ray, and put back
        monkeypatch.setenv(name, "")
    told = refused(capsys, scans, "--out", tmp_path / "out", "--engine", "ray")
    assert "pip install 'brain-dashboard[cluster]'" in told


def test_a_model_that_is_not_in_service_stops_the_job_before_it_begins(scans, tmp_path, capsys, set_environment):
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    assert main(["score", str(scans), "--out", str(tmp_path / "out")]) == 1
    assert "Custom CNN is not in service" in capsys.readouterr().err
