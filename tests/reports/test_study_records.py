"""CSV and JSON of a series' result."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from brain_core import __version__
from brain_core.reports import ranking
from brain_core.reports.study_records import FIELDS, harmless, rows, to_csv, to_json
from brain_core.reports.wording import DISCLAIMER
from brain_core.study.result import CAVEAT
from tests.reports import studies

MADE = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)


def small(**options):
    probabilities = {"custom_cnn": [0.5, 0.25, 0.75], "resnet50": [0.3, 0.4, 0.125]}
    return studies.result(studies.dicom_series(n=3), probabilities, **{"flagged": (), **options})


def test_csv_has_a_row_a_slice_and_model():
    assert to_csv([small(flagged=(0,), unread=(1,))]).splitlines() == [
        "series,series_number,slice,position_mm,model,version,probability,threshold,label,flags,counted,seconds,error",
        "1,3,1,-20.0,custom_cnn,2026-11-25-2d2a92b6,0.5,0.5,tumor,not-brain-like,False,0.0123,",
        "1,3,1,-20.0,resnet50,2026-11-24-77aa01cd,0.3,0.336,no tumor,not-brain-like,False,0.0123,",
        "1,3,2,-15.0,custom_cnn,2026-11-25-2d2a92b6,,0.5,,,False,,This slice could not be read.",
        "1,3,2,-15.0,resnet50,2026-11-24-77aa01cd,,0.336,,,False,,This slice could not be read.",
        "1,3,3,-10.0,custom_cnn,2026-11-25-2d2a92b6,0.75,0.5,tumor,,True,0.0123,",
        "1,3,3,-10.0,resnet50,2026-11-24-77aa01cd,0.125,0.336,no tumor,,True,0.0123,",
    ]


def test_several_flags_stay_in_one_cell():
    found = list(csv.DictReader(io.StringIO(to_csv([small(flags={0: ("tiny", "flat")})]))))
    assert found[0]["flags"] == "tiny;flat"
    assert rows(small(flags={0: ("tiny", "flat")}))[0]["flags"] == ["tiny", "flat"]
    assert tuple(found[0]) == FIELDS


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_a_formula_is_quoted(text):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "tumor", "a=1", "2026-11-25"])
def test_other_text_stays(text):
    assert harmless(text) == text


def test_a_formula_in_any_text_of_the_csv_is_quoted():
    known = small(unread=(0,))
    bad = replace(known, errors={0: "=cmd|'/c calc'!A1"})
    cells = [row for row in csv.DictReader(io.StringIO(to_csv([bad], messages=True))) if row["slice"] == "1"]
    assert [row["error"] for row in cells] == ["'=cmd|'/c calc'!A1"] * 2


def test_json_holds_summaries_counts_and_where_they_come_from():
    document = json.loads(to_json([("P-7QK3-M2ZD", small(flagged=(2,), unread=(1,)))], made=MADE))
    assert document["software"] == {"name": "BRAIN", "version": __version__}
    assert document["made"] == "2026-11-25T14:30:05+00:00"
    assert document["disclaimer"] == DISCLAIMER
    (series,) = document["series"]
    assert len(series.pop("slices")) == 6 and len(series.pop("summaries")) == 2
    assert series == {
        "pseudonym": "P-7QK3-M2ZD",
        "number": 3,
        "modality": "MR",
        "plane": "axial",
        "role": "image",
        "source": "DICOM",
        "gap_mm": 5.0,
        "notes": [],
        "counts": {"slices": 3, "flagged": 1, "unreadable": 1},
        "caveat": CAVEAT,
    }


def test_json_gives_the_summary_with_its_method():
    first = json.loads(to_json([(None, small())], made=MADE))["series"][0]["summaries"][0]
    assert first == {
        "model": "custom_cnn",
        "version": "2026-11-25-2d2a92b6",
        "probability": 0.5,
        "label": "tumor",
        "threshold": 0.5,
        "operating_point": "default, not fitted",
        "slices": [1, 2, 3],
        "method": "Mean probability of all 3 slices of the series.",
    }


def test_several_series_stay_apart():
    found = [small(), replace(small(), series=replace(small().series, number=None))]
    cells = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert [(row["series"], row["series_number"]) for row in cells] == [("1", "3")] * 6 + [("2", "")] * 6
    document = json.loads(to_json([("P-1", found[0]), ("P-2", found[1])], made=MADE))
    assert [(each["pseudonym"], each["number"]) for each in document["series"]] == [("P-1", 3), ("P-2", None)]


def test_without_identity_nothing_names_the_patient():
    found = small(unread=(1,))  # its message holds a file name that names the patient
    for text in (to_csv([found]), to_json([("P-1", found)], made=MADE)):
        assert not [trace for trace in (*studies.TRACES, "Mueller", "T1 & axial") if trace in text]


def test_with_identity_the_patient_and_the_description_stand_there():
    found = small(unread=(1,))
    document = json.loads(to_json([("P-1", found)], made=MADE, identity=studies.IDENTITY))
    assert document["patient"]["name"] == "Müller^Anna=山田^花子"
    assert document["series"][0]["description"] == studies.DESCRIPTION
    assert document["series"][0]["slices"][2]["error"] == "Anna_Mueller_1.dcm is truncated."
    assert "Anna_Mueller_1.dcm" in to_csv([found], messages=True)


def test_the_most_suspicious_slices_leave_out_what_does_not_count():
    probabilities = {"custom_cnn": [0.9, 0.2, 0.6, 0.1], "resnet50": [0.1, 0.7, 0.3, 0.8]}
    found = studies.result(studies.dicom_series(n=4), probabilities, flagged=(0,), unread=(3,))
    assert ranking.suspicious(found, 3) == (1, 2)
    assert ranking.suspicious(found, 1) == (1,)
    assert ranking.counts(found).startswith(
        "1 of 4 slices were flagged as flat or unlike the training data and 1 could not"
    )
