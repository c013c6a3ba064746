"""``--record``: what commands score, in the prediction store."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import pytest

from brain_core import audit
from brain_core.cli import main
from brain_core.cli.options import load_detectors
from brain_core.cli.recording import AT_ONCE, Recorder, finish, recorded
from brain_core.errors import StoreError
from brain_core.jobs.control import login
from brain_core.scans.collect import collect
from brain_core.scans.source_file import SourceFile
from brain_core.store import predictions
from brain_core.store.records import Kind, Source
from brain_core.study.assess import score
from tests.scans.dicom_files import write_series
from tests.store.databases import close

NOWHERE = "postgresql+psycopg://brain:secret@127.0.0.1:1/brain"


@pytest.fixture(autouse=True)
def service(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)
    yield
    close()


def predict(*words) -> int:
    return main(["predict", *map(str, words), "--model", "custom_cnn", "--format", "json"])


def test_predict_records_what_it_prints_and_only_where_asked(phantom_dataset, tmp_path, capsys):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    paths = [*sorted((phantom_dataset / "yes").iterdir())[:2], tmp_path / "bad.png"]
    assert predict(*paths) == 1
    assert predictions.read() == []
    capsys.readouterr()
    assert predict(*paths, "--record") == 1
    printed = json.loads(capsys.readouterr().out)
    rows = predictions.read()
    assert sorted(row.probability for row in rows) == sorted(p["probability"] for p in printed if "error" not in p)
    assert {(row.source, row.user, row.kind) for row in rows} == {(Source.COMMAND, login(), Kind.SLICE)}
    assert [failure.kind for failure in predictions.failures()] == ["ScanError"]
    (entry,) = audit.entries(action="prediction")
    assert (entry.details["rows"], entry.details["failures"]) == (2, 1)


def test_a_study_is_recorded_with_its_summary(tmp_path):
    write_series(tmp_path / "study", n=5, size=64)
    assert main(["study", str(tmp_path / "study"), "--record", "--model", "custom_cnn", "--format", "json"]) == 0
    rows = predictions.read()
    assert Counter(row.kind for row in rows) == {Kind.SLICE: 5, Kind.SERIES: 1}
    assert len({row.case for row in rows}) == 1


def test_a_store_that_cannot_be_used_is_found_before_the_work(models_dir, set_environment, phantom_dataset, capsys):
    set_environment(BRAIN_MODELS_DIR=models_dir, BRAIN_DATABASE_URL=NOWHERE)
    assert predict(phantom_dataset, "--record") == 1
    told = capsys.readouterr()
    assert told.out == "" and "nothing answers at its address" in told.err and "secret" not in told.err


def test_many_scans_are_written_some_at_a_time(monkeypatch):
    written = []
    monkeypatch.setattr(predictions, "add", lambda rows, failures, event: written.append(len(failures)))
    recorder = Recorder(Source.COMMAND, [])
    for _ in range(AT_ONCE + 3):
        recorder.scan(SimpleNamespace(error="bad", error_kind="ScanError", scan=None))
    recorder.write()
    assert written == [AT_ONCE, 3]


def assessed_study(tmp_path) -> tuple[SimpleNamespace, list]:
    """Of one series, and the models."""
    paths = write_series(tmp_path / "study", n=3, size=64)
    detectors, _ = load_detectors("custom_cnn")
    (study,) = collect([SourceFile.of_path(path) for path in paths]).studies
    return SimpleNamespace(results=((study, score(study.series[0], detectors)),)), detectors


def test_an_answer_to_the_archive_does_not_wait_for_the_store_and_is_recorded_later(tmp_path, monkeypatch, caplog):
    found, detectors = assessed_study(tmp_path)
    add = predictions.add
    monkeypatch.setattr(predictions, "add", lambda *_: (_ for _ in ()).throw(StoreError("The store is out.")))
    recorder = Recorder(Source.WATCH, detectors, steady=True)
    assess = recorded(lambda paths: found, recorder)
    assert assess([]) is found and "Not recorded yet: The store is out." in caplog.text
    assert not finish(recorder)
    monkeypatch.setattr(predictions, "add", add)
    assert predictions.read() == []
    assert finish(recorder)
    assert Counter(row.kind for row in predictions.read()) == {Kind.SLICE: 3, Kind.SERIES: 1}


def test_a_study_that_is_assessed_again_after_an_interruption_is_recorded_once(tmp_path):
    found, detectors = assessed_study(tmp_path)
    for _ in range(2):
        recorded(lambda paths: found, Recorder(Source.WATCH, detectors, steady=True))([])
    assert len(predictions.read()) == 4 and len(audit.entries(action="prediction")) == 1


def test_a_threshold_of_the_moment_is_not_the_operating_point(phantom_dataset, capsys):
    assert predict(next((phantom_dataset / "yes").iterdir()), "--threshold", "0.999", "--record") == 0
    (row,) = predictions.read()
    assert row.threshold == 0.4 and row.label == ("tumor" if row.probability >= 0.4 else "no tumor")
