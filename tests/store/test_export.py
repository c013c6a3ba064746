"""CSV that a spreadsheet does not run."""

import csv
import os

import pytest

from brain_core import audit
from brain_core.errors import StoreError
from brain_core.store import export, feedback, predictions
from brain_core.store.records import Source
from tests.store.sample_rows import at, key, prediction
from tests.store.sample_rows import feedback as said


def written(path) -> list[dict]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_prediction_with_what_readers_say(database, tmp_path):
    first, second = prediction("one", opinion="unsure", opinion_blind=True), prediction("two", at=at(1.5), inputs=None)
    predictions.add([first, second, prediction("sample", source=Source.SAMPLE)])
    feedback.add(said("one", text="a free text"))
    assert export.to_csv(tmp_path / "all.csv", user="analyst") == 2
    one, two = written(tmp_path / "all.csv")
    assert one == {
        "id": first.id,
        "at": "2026-03-01T12:00:00.000+00:00",
        "user": "reader@example.org",
        "scan": key("one"),
        "case": key("one"),
        "kind": "slice",
        "source": "upload",
        "model": "custom_cnn",
        "version": "2026-01",
        "sha256": key("model"),
        "probability": "0.75",
        "threshold": "0.5",
        "label": "tumor",
        "flags": "tiny coloured",
        "seconds": "0.25",
        "unlikeness": "0.5",
        "width": "640",
        "height": "480",
        "mean": "42.5",
        "deviation": "17.25",
        "opinion": "unsure",
        "opinion_blind": "True",
        "confirmed": "True",
        "finding": "tumor",
        "basis": "biopsy",
        "readers": "1",
    }
    assert two["at"] == "2026-03-01T12:01:30.000+00:00"
    assert {two[name] for name in ("width", "opinion", "confirmed", "finding", "readers")} == {""}
    assert "free text" not in (tmp_path / "all.csv").read_text()
    (entry,) = audit.entries()
    assert (entry.action, entry.user, entry.details) == ("export", "analyst", {"predictions": 2})


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_that_a_spreadsheet_would_run_are_texts(sqlite, tmp_path, start):
    word = f'{start}HYPERLINK("http://x","y")'
    predictions.add([prediction(user=word, model=word, version=word)])
    export.to_csv(tmp_path / "x.csv", user="a")
    (row,) = written(tmp_path / "x.csv")
    assert [row[name] for name in ("user", "model", "version")] == [f"'{word}"] * 3


def test_numbers_and_other_texts_stay():
    assert [export.safe(cell) for cell in (-1.5, None, True, "", "a=b", "'=")] == [-1.5, None, True, "", "a=b", "'="]


def test_a_file_that_cannot_be_written(sqlite, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="The export cannot be written: (Not a directory|File exists)"):
        export.to_csv(tmp_path / "file" / "x.csv", user="a")


def test_an_export_that_is_not_recorded_is_no_export(sqlite, tmp_path, monkeypatch):
    def fail(*_):
        raise StoreError("No audit log.")

    monkeypatch.setattr(audit, "record_in", fail)
    with pytest.raises(StoreError, match="No audit log"):
        export.to_csv(tmp_path / "x.csv", user="a")
    assert [name for name in os.listdir(tmp_path) if name != "var"] == []
