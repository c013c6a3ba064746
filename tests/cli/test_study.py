"""``study``: series listed, scored and reported."""

import csv
import io
import json

import numpy as np
import pydicom
import pytest
from pypdf import PdfReader

from brain_core.cli import main
from tests.scans.dicom_files import PATIENT, dicom_bytes, head_volume, series_datasets, to_bytes, write_series
from tests.scans.nifti_files import nifti_bytes

LOCALISER = {"SeriesInstanceUID": "1.2.3.9", "SeriesNumber": 1, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}


@pytest.fixture(autouse=True)
def service(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)


@pytest.fixture
def folder(tmp_path):
    """A study of a localiser with 3 slices and an axial series of 6."""
    write_series(tmp_path / "study" / "axial", n=6, size=64)
    datasets = series_datasets(3, size=64, SOPInstanceUID=None)
    study = pydicom.dcmread(next((tmp_path / "study" / "axial").iterdir())).StudyInstanceUID
    for i, ds in enumerate(datasets):
        for keyword, value in (LOCALISER | {"StudyInstanceUID": study, "SOPInstanceUID": f"1.2.3.9.{i}"}).items():
            setattr(ds, keyword, value)
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        (tmp_path / "study" / f"scout{i}").write_bytes(to_bytes(ds))
    return tmp_path / "study"


def test_the_list_names_every_series_and_no_patient(folder, capsys):
    assert main(["study", str(folder), "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert "6 slices, axial, image, DICOM" in lines[0] and "'T1 axial'" in lines[0]
    assert "3 slices, axial, localizer, DICOM" in lines[1]
    assert "Anna" not in "".join(lines) and PATIENT["PatientID"] not in "".join(lines)


def test_acquired_series_are_scored_and_localisers_are_not(folder, capsys):
    assert main(["study", str(folder), "--format", "json"]) == 0
    (series,) = json.loads(capsys.readouterr().out)["series"]
    assert series["counts"] == {"slices": 6, "flagged": 2, "unreadable": 0}  # the blank ends
    assert [each["model"] for each in series["summaries"]] == ["custom_cnn", "resnet50"]
    assert len(series["slices"]) == 12


def test_a_series_is_chosen_by_its_number_in_the_list(folder, capsys):
    assert main(["study", str(folder), "--series", "2", "--format", "csv", "--model", "resnet50"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["slice"] for row in rows] == ["1", "2", "3"]
    assert {row["series_number"] for row in rows} == {"1"}


def test_a_number_outside_the_list_is_bad_usage(folder, capsys):
    assert main(["study", str(folder), "--series", "3"]) == 2
    assert "--series: expected 1 to 2, as --list counts them. Received: 3." in capsys.readouterr().err


def test_localisers_alone_are_not_scored_unasked(folder, capsys):
    assert main(["study", *map(str, sorted(folder.glob("scout*")))]) == 1
    assert "Localisers and derived series only" in capsys.readouterr().err


def test_reports_go_by_the_pseudonym_and_name_no_patient(folder, tmp_path, capsys):
    assert main(["study", str(folder), "--reports", str(tmp_path / "out")]) == 0
    files = sorted((tmp_path / "out").iterdir())
    assert [each.name.split("series")[1] for each in files] == [
        "-3-1-SR.dcm", "-3-2-OT.dcm", "-3-3-OT.dcm", "-3.csv", "-3.json", "-3.pdf",
    ]  # fmt: skip
    for path in files:
        data = path.read_bytes()
        assert b"Phantom^Anna" not in data and b"PH-0001" not in data and b"Anna" not in data
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "out" / files[-1].name).pages)
    assert "Anna" not in text and files[-1].name.split("-series")[0] in text
    assert pydicom.dcmread(files[0]).PatientIdentityRemoved == "YES"


def test_with_identity_the_reports_belong_to_the_patient_and_the_study(folder, tmp_path, capsys):
    assert main(["study", str(folder), "--reports", str(tmp_path / "out"), "--identity"]) == 0
    (report,) = (tmp_path / "out").glob("*SR.dcm")
    (pdf,) = (tmp_path / "out").glob("*.pdf")
    source = pydicom.dcmread(next((folder / "axial").iterdir()))
    ds = pydicom.dcmread(report)
    assert (ds.PatientName, ds.StudyInstanceUID) == (source.PatientName, source.StudyInstanceUID)
    assert "Anna" in "".join(page.extract_text() for page in PdfReader(pdf).pages)


def test_a_volume_has_reports_and_no_dicom_objects(folder, tmp_path, capsys, caplog):
    volume = nifti_bytes(head_volume(4, size=64).transpose(2, 1, 0), np.diag([1.5, 1.5, 5, 1]))
    (folder / "head.nii").write_bytes(volume)
    assert main(["study", str(folder), "--reports", str(tmp_path / "out"), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["series"]
    assert [(each["source"], each["counts"]["slices"]) for each in told] == [("DICOM", 6), ("NIfTI", 4)]
    names = [each.name.split("series")[1] for each in (tmp_path / "out").iterdir()]
    assert sorted(names) == [
        "-3-1-SR.dcm", "-3-2-OT.dcm", "-3-3-OT.dcm", "-3.csv", "-3.json", "-3.pdf", ".csv", ".json", ".pdf",
    ]  # fmt: skip
    assert "error" not in caplog.text


def test_a_series_that_dicom_objects_cannot_be_made_of_is_named_and_the_others_have_theirs(folder, tmp_path, caplog):
    for i, ds in enumerate(series_datasets(3, size=64, seed=5, SeriesNumber=4)):
        del ds.StudyInstanceUID
        (folder / f"loose{i}").write_bytes(to_bytes(ds))
    assert main(["study", str(folder), "--reports", str(tmp_path / "out")]) == 1
    written = [each.name for each in (tmp_path / "out").iterdir()]
    assert len([name for name in written if name.endswith(".dcm")]) == 3
    assert len([name for name in written if name.endswith(".pdf")]) == 2
    assert "series-4: no DICOM objects." in caplog.text


def test_what_is_no_study_is_named_and_the_status_says_so(tmp_path, capsys, caplog):
    (tmp_path / "ct.dcm").write_bytes(
        dicom_bytes(head_volume(1)[0], Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    )
    assert main(["study", str(tmp_path)]) == 1
    assert capsys.readouterr().out == "No series.\n"
    assert "ct.dcm: is a computed tomography image (CT); BRAIN reads MR." in caplog.text
    assert main(["study", str(tmp_path / "nowhere")]) == 2
