"""``monitor``: three formats, exit statuses, one line in the log, and what inputs are compared with."""

import json

import pytest

from brain_core.cli import main
from brain_core.registry import read_card
from brain_core.scans.phantom import write_dataset
from brain_core.store import predictions
from brain_core.store.records import now
from brain_core.training.input_reference import of_metadata
from tests.monitoring.rows import row
from tests.store.databases import sqlite
from tests.store.sample_rows import failure

__all__ = ["sqlite"]
pytestmark = pytest.mark.usefixtures("sqlite")


def test_without_an_alert_the_status_is_0(settings, capsys):
    predictions.add([row(f"{i}", at=now(), unlikeness=None, inputs=None) for i in range(60)])
    assert main(["monitor"]) == 0
    out = capsys.readouterr().out
    assert "60 scored, 0 failed: 0.000" in out and "OFF        errors" in out
    assert main(["monitor", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["days"] == 30 and data["alerts_on"] == 0 and data["models"][0]["predictions"] == 60


def test_an_alert_makes_it_1_in_every_format_and_is_logged_once(settings, capsys, caplog):
    predictions.add([], [failure(at=now()) for _ in range(60)])
    for form in ("table", "json", "prometheus"):
        assert main(["monitor", "--format", form]) == 1
    assert 'brain_alert{measure="",model="",name="errors",version=""} 1.0' in capsys.readouterr().out
    assert [r.getMessage() for r in caplog.records if "ALERT" in r.getMessage()] == [
        "ALERT errors: 60 of 60 inputs could not be scored"
    ]


def test_a_store_that_cannot_be_read_makes_it_1(settings, set_environment, capsys):
    set_environment(BRAIN_DATABASE_URL="postgresql://user:secret-word@127.0.0.1:1/none")
    assert main(["monitor", "--format", "prometheus"]) == 1
    found = capsys.readouterr()
    assert 'name="store",version=""} 1.0' in found.out and "secret-word" not in found.out + found.err


def test_limits_come_from_the_environment(settings, set_environment, capsys):
    predictions.add([row("a", at=now(), seconds=0.5)])
    set_environment(BRAIN_ALERT_SECONDS=0.4, BRAIN_ALERT_LEAST_N=1, BRAIN_HOME=settings.home)
    assert main(["monitor"]) == 1
    assert "ON         seconds:custom_cnn" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--days", "0"], ["--days", "-1"], ["--listen", "nowhere"], ["--days", "99999"]])
def test_bad_usage_makes_it_2(settings, words, capsys):
    assert main(["monitor", *words]) == 2
    assert "expected" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--days", "many"], ["--format", "xml"]])
def test_words_that_are_no_option_make_it_2(settings, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["monitor", *words])
    assert ended.value.code == 2


def test_what_inputs_are_compared_with_is_worked_out_from_the_training_scans(
    tmp_path, models_dir, set_environment, capsys
):
    import shutil

    from brain_core.datasets.index import load_dataset

    shutil.copytree(models_dir, own := tmp_path / "models")
    set_environment(BRAIN_MODELS_DIR=own)
    folder = write_dataset(tmp_path / "data", 4, seed=0, size=64)
    keys = [scan.key for scan in load_dataset(folder).scans]
    for path in own.glob("*.json"):
        data = json.loads(path.read_text()) | {"data": {"train_sha256": keys[:6]}}
        data["predictions"] = {"validation": [{"sha256": key} for key in keys[6:]], "test": []}
        path.write_text(json.dumps(data))
    assert main(["monitor", "--reference", str(folder)]) == 0
    assert "inputs of 6 distinct training scans kept" in capsys.readouterr().out
    found = of_metadata(read_card("custom_cnn").metadata)
    assert (found.n, found.held_out) == (6, 2) and found.values["width"] == (64.0,) * 6
    for path in own.glob("*.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"data": {"train_sha256": ["unknown"]}}))
    assert main(["monitor", "--reference", str(folder)]) == 1
    assert "1 of the 3 scans of custom_cnn" in capsys.readouterr().err
