import csv
import io
import json
import zipfile

import numpy as np
import pytest

from brain_core.batch import Scored
from brain_core.inference import Prediction
from brain_core.preprocessing import Box
from brain_core.registry import OperatingPoint
from brain_core.scans.phantom import Phantom, draw
from brain_core.ui import cases, downloads
from brain_core.ui.cases import Case
from brain_core.ui.entries import Entry
from brain_core.ui.session import Opinion

SCAN = draw(Phantom(seed=1, size=64))
POINT = OperatingPoint(0.4, "rule", "data")


@pytest.fixture
def case():
    """``case(name, …)``: a scan that one model scored 0.75."""

    def build(name="a.png", opinion=None, hidden=False, error=None) -> Case:
        heatmap = np.eye(4, dtype=np.float32)
        scored = Prediction("custom_cnn", "1", 0.75, POINT, "tumor", heatmap, Box(0, 0, 64, 64), ("tiny", "flat"), 0.1)
        row = Scored(name, predictions=() if error else (scored,), error=error)
        return Case(Entry(name, SCAN.sha256, name, lambda: SCAN), row, None, opinion, hidden, done=True)

    return build


def test_without_the_readers_mode_the_records_are_those_of_the_command_line(case):
    (record,) = cases.records([case()])
    assert " ".join(record) == "path model version probability threshold label heatmap flags seconds"


def test_the_readers_opinion_stands_beside_the_models(case):
    rows = cases.records([case(opinion=Opinion("unsure", blind=True)), case("b.png")])
    assert [(row["reader_opinion"], row["reader_blind"]) for row in rows] == [("unsure", True), (None, None)]
    assert json.loads(downloads.to_json(rows))[0]["label"] == "tumor"


def test_what_is_hidden_from_the_reader_is_not_downloaded(case):
    hidden, shown = case("hidden.png", hidden=True), case("shown.png", opinion=Opinion("tumor", blind=True))
    assert [row["path"] for row in cases.records([hidden, shown])] == ["shown.png"]
    assert len(zipfile.ZipFile(io.BytesIO(downloads.overlays([hidden, shown]))).namelist()) == 2


def test_a_file_that_failed_has_a_record_with_its_error(case):
    assert cases.records([case("bad.png", error="bad.png: empty.")]) == [
        {"path": "bad.png", "error": "bad.png: empty."}
    ]


def test_a_name_cannot_become_a_formula_in_a_spreadsheet(case):
    rows = cases.records([case('=HYPERLINK("x")'), case("bad.png", error="@bad")])
    read = list(csv.DictReader(io.StringIO(downloads.to_csv(rows))))
    assert [row["path"] for row in read] == ['\'=HYPERLINK("x")', "bad.png"]
    assert read[1]["error"] == "'@bad"
    assert read[0]["flags"] == "tiny;flat"


def test_the_zip_holds_overlay_and_map_of_every_scan(case):
    names = zipfile.ZipFile(io.BytesIO(downloads.overlays([case(), case("b.png"), case("c", error="x")]))).namelist()
    assert len(names) == len(set(names)) == 4
