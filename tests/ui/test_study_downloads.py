"""What is taken away of a series: made when asked for, under a pseudonym unless the identity is wanted."""

import io
import json
import zipfile

import pydicom
import pytest
from pypdf import PdfReader

from brain_core.errors import ScanError
from brain_core.scans.series import Study
from brain_core.ui.session import Opinion
from brain_core.ui.study import downloads
from tests.reports.studies import IDENTITY, TRACES, dicom_series, nifti_series, result
from tests.scans.dicom_files import PATIENT


@pytest.fixture(scope="module")
def found():
    return result()


def study_of(found) -> Study:
    return Study("k", "P-7QK3-M2ZD", (found.series,), lambda: IDENTITY)


def text_of(data: bytes) -> str:
    assert data.startswith(b"%PDF")
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_the_pdf_names_the_patient_only_when_asked(found):
    plain = text_of(downloads.pdf(study_of(found), found, None, named=False))
    assert "P-7QK3-M2ZD" in plain and not [trace for trace in TRACES if trace in plain]
    named = text_of(downloads.pdf(study_of(found), found, Opinion("unsure", blind=True), named=True))
    assert IDENTITY.patient_id in named and "nsure" in named


def test_json_and_csv_name_the_patient_only_when_asked(found):
    plain = downloads.json(study_of(found), found, named=False).decode()
    assert not [trace for trace in TRACES if trace in plain] and "P-7QK3-M2ZD" in plain
    assert json.loads(downloads.json(study_of(found), found, named=True))["patient"]["name"] == IDENTITY.name
    rows = downloads.csv(found, named=False).decode().splitlines()
    assert len(rows) == 1 + 2 * len(found.series) and not [t for t in TRACES if t in "".join(rows)]


@pytest.mark.parametrize("deidentified", [False, True])
def test_dicom_keeps_the_patient_or_takes_them_out(found, deidentified):
    archive = zipfile.ZipFile(io.BytesIO(downloads.dicom(found, deidentified)))
    datasets = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert sorted(each.Modality for each in datasets) == ["OT", "OT", "SR"]
    assert [str(each.PatientID) == PATIENT["PatientID"] for each in datasets] == [not deidentified] * 3


def test_only_dicom_goes_back_as_dicom():
    assert downloads.is_dicom(dicom_series()) and not downloads.is_dicom(nifti_series())


def test_file_names_hold_the_pseudonym_and_nothing_of_the_file(found):
    assert downloads.stem_of(study_of(found), found.series) == "P-7QK3-M2ZD-series-3"


def test_what_fails_is_told_without_the_files_words():
    def fail() -> bytes:
        raise ScanError("Anna_Mueller.dcm is truncated.")

    with pytest.raises(RuntimeError, match="^ScanError: the file could not be made$"):
        downloads._made(fail)
