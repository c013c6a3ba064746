"""The structured report, read back by highdicom and by independent validators."""

import io
import subprocess
import traceback
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pydicom
import pytest
from pydicom import Dataset
from pydicom.sr.codedict import codes

from brain_core import __version__
from brain_core.errors import ScanError
from brain_core.operating_points import OperatingPoint
from brain_core.reports.dicom_sr import comprehensive_sr
from brain_core.reports.wording import DISCLAIMER
from brain_core.study.result import CAVEAT
from tests.reports import studies
from tests.scans.dicom_files import PATIENT, series_datasets

MADE = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)


def written(document: Dataset) -> bytes:
    buffer = io.BytesIO()
    document.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def read_back(document: Dataset):
    from highdicom.sr import srread

    return srread(io.BytesIO(written(document)))


def groups(document):
    return document.content.get_image_measurement_groups()


def texts(item: Dataset) -> list[str]:
    own = [item.TextValue] if "TextValue" in item else []
    return own + [text for child in item.get("ContentSequence", ()) for text in texts(child)]


def coded(item: Dataset) -> set[tuple[str, str]]:
    """Every code of a content tree but concept names: (scheme, value)."""
    own = {(code.CodingSchemeDesignator, code.CodeValue) for code in item.get("ConceptCodeSequence", ())}
    return own.union(*(coded(child) for child in item.get("ContentSequence", ())))


def changed(**attributes):
    """A series whose files have other attributes; None takes one away."""
    return studies.dicom_series(series_datasets(3, size=studies.SIZE, **attributes))


@pytest.fixture(scope="module")
def found():
    return studies.result(unread=(7,))


@pytest.fixture(scope="module")
def document(found):
    return read_back(comprehensive_sr(found, made=MADE))


def test_it_is_a_new_series_of_the_same_study_and_patient(found, document):
    source = found.series.slices[0].header()
    assert document.StudyInstanceUID == source.StudyInstanceUID
    assert document.SeriesInstanceUID != source.SeriesInstanceUID
    assert {keyword: str(document.get(keyword)) for keyword in PATIENT} == PATIENT
    assert (document.AccessionNumber, document.StudyID, document.StudyDate) == ("ACC-1", "1", "20260102")
    assert (document.SeriesDescription, document.SeriesNumber) == ("BRAIN measurement report (research only)", 90_003)


def test_nobody_has_verified_it(document):
    assert (document.CompletionFlag, document.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    assert document.PreliminaryFlag == "PRELIMINARY"


@pytest.mark.parametrize(("offset", "day", "time"), [("+0930", "20261126", "000005"), ("-0300", "20261125", "113005")])
def test_it_goes_by_the_clock_of_its_source(offset, day, time):
    document = read_back(comprehensive_sr(studies.result(changed(TimezoneOffsetFromUTC=offset), flagged=()), made=MADE))
    assert (document.ContentDate, document.ContentTime, document.TimezoneOffsetFromUTC) == (day, time, offset)
    assert (document.InstanceCreationDate, document.InstanceCreationTime) == (day, time)


@pytest.mark.parametrize("offset", [None, "", "summer"])
def test_without_an_offset_it_goes_by_this_machines_clock(offset):
    attributes = {} if offset is None else {"TimezoneOffsetFromUTC": offset}
    document = read_back(comprehensive_sr(studies.result(changed(**attributes), flagged=()), made=MADE))
    local = MADE.astimezone()
    assert (document.ContentDate, document.ContentTime) == (f"{local:%Y%m%d}", f"{local:%H%M%S}")
    assert "TimezoneOffsetFromUTC" not in document


def test_it_says_what_made_it(document):
    assert (document.Manufacturer, document.ManufacturerModelName) == ("BRAIN project", "BRAIN")
    assert list(document.SoftwareVersions) == [
        __version__,
        "custom_cnn 2026-11-25-2d2a92b6",
        "resnet50 2026-11-24-77aa01cd",
    ]
    assert (document.ContentDate, document.ContentTime) == ("20261125", "143005")


def test_every_model_has_its_probability_and_threshold(found, document):
    assert len(groups(document)) == 2
    for group, summary in zip(groups(document), found.summaries, strict=True):
        (probability,) = group.get_measurements(name=codes.DCM.Probability)
        (threshold,) = group.get_measurements(name=codes.DCM.ThresholdValue)
        assert probability.value == pytest.approx(summary.value, abs=1e-9)
        assert threshold.value == summary.operating_point.threshold
        assert probability.unit == threshold.unit == codes.UCUM.NoUnits
        assert probability.derivation == codes.SCT.Mean


def test_every_model_is_identified(document):
    inside = [set(texts(group[0])) for group in groups(document)]
    assert {"BRAIN Custom CNN", "2026-11-25-2d2a92b6", "threshold 0.5"} <= inside[0]
    assert {"BRAIN ResNet50", "2026-11-24-77aa01cd", "operating point: best balanced accuracy, validation, n = 39"} <= (
        inside[1]
    )


def test_it_says_on_which_side_of_the_operating_point():
    low = studies.result(probabilities={"custom_cnn": [0.1] * 8, "resnet50": [0.336] * 8})
    said = [coded(group[0]) for group in groups(read_back(comprehensive_sr(low, made=MADE)))]
    assert ("99BRAIN", "BELOW") in said[0] and ("99BRAIN", "AT-OR-ABOVE") not in said[0]
    assert ("99BRAIN", "AT-OR-ABOVE") in said[1] and ("99BRAIN", "BELOW") not in said[1]


def test_no_standard_code_calls_the_patient_ill(document):
    standard = {code for code in coded(document) if code[0] not in ("99BRAIN", "DCM", "RFC5646")}
    assert standard == {("SCT", "113091000"), ("SCT", "12738006"), ("SCT", "373098007")}  # MRI, brain, mean
    assert document.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99BRAIN"


def test_it_refers_to_the_slices_that_the_probability_is_of(found, document):
    summary = found.summaries[0]
    assert summary.slices == (3, 4, 5)
    (probability,) = groups(document)[0].get_measurements(name=codes.DCM.Probability)
    assert [image.referenced_sop_instance_uid for image in probability.referenced_images] == [
        found.series.slices[index].header().SOPInstanceUID for index in summary.slices
    ]


def test_all_slices_are_its_evidence(found, document):
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    listed = {item.ReferencedSOPInstanceUID for item in series.ReferencedSOPSequence}
    assert listed == {each.header().SOPInstanceUID for each in found.series.slices}


def test_the_remarks_stand_there(found, document):
    said = texts(document)
    assert {DISCLAIMER, CAVEAT, found.summaries[0].method, "Most suspicious slice: 5 of 8."} <= set(said)
    counts = "2 of 8 slices were flagged as flat or unlike the training data and 1 could not be read"
    assert any(text.startswith(counts) for text in said)


def test_frames_of_an_enhanced_file_are_referred_to_by_number():
    found = studies.result(studies.enhanced_series())
    document = read_back(comprehensive_sr(found, made=MADE))
    (probability,) = groups(document)[0].get_measurements(name=codes.DCM.Probability)
    (image,) = probability.referenced_images
    assert image.referenced_frame_numbers == [each + 1 for each in found.summaries[0].slices]
    (study,) = document.CurrentRequestedProcedureEvidenceSequence
    assert len(study.ReferencedSeriesSequence[0].ReferencedSOPSequence) == 1


def test_without_a_summary_there_is_no_probability():
    found = studies.result(flagged=range(8))
    for group in groups(read_back(comprehensive_sr(found, made=MADE))):
        assert not group.get_measurements(name=codes.DCM.Probability)
        assert ("99BRAIN", "NOT-ASSESSED") in coded(group[0])


def test_the_same_result_is_the_same_object(found):
    first, second = (written(comprehensive_sr(found, made=MADE)) for _ in range(2))
    assert first == second
    later = comprehensive_sr(found, made=datetime(2027, 1, 1, tzinfo=UTC))
    assert later.SOPInstanceUID == pydicom.dcmread(io.BytesIO(first)).SOPInstanceUID
    assert later.SOPInstanceUID.startswith("2.25.") and len(later.SOPInstanceUID) <= 64


def test_another_result_is_another_object(found):
    summary = found.summaries[0]
    others = [
        replace(found, summaries=(replace(summary, version="2"), *found.summaries[1:])),
        replace(
            found,
            summaries=(replace(summary, operating_point=OperatingPoint(0.51, "default", "not fitted")),)
            + found.summaries[1:],
        ),
        replace(found, series=replace(found.series, key="9" * 64)),
    ]
    documents = [comprehensive_sr(each, made=MADE) for each in (found, *others)]
    assert len({each.SOPInstanceUID for each in documents}) == len({each.SeriesInstanceUID for each in documents}) == 4


def test_missing_type_2_attributes_are_filled_with_nothing():
    absent = dict.fromkeys(
        ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID")
        + ("AccessionNumber", "ReferringPhysicianName", "Manufacturer", "SpecificCharacterSet")
    )
    document = read_back(comprehensive_sr(studies.result(changed(**absent), flagged=()), made=MADE))
    assert all(
        document[keyword].is_empty for keyword in absent if keyword not in ("Manufacturer", "SpecificCharacterSet")
    )


def test_values_outside_the_standard_are_emptied():
    document = comprehensive_sr(studies.result(changed(PatientSex="W"), flagged=()), made=MADE)
    assert document.PatientSex == ""


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
def test_without_a_uid_it_cannot_be_tied_to_the_study(keyword):
    series = studies.dicom_series(n=3)
    slices = tuple(replace(each, header=lambda each=each: _without(each.header(), keyword)) for each in series.slices)
    with pytest.raises(ScanError, match=f"The DICOM attribute {keyword} is missing: .* Use the PDF."):
        comprehensive_sr(studies.result(replace(series, slices=slices), flagged=()), made=MADE)


def _without(ds: Dataset, keyword: str) -> Dataset:
    return Dataset({tag: ds[tag] for tag in list(ds.keys()) if ds[tag].keyword != keyword})


def test_a_series_of_another_format_is_refused():
    with pytest.raises(ScanError, match="This series was read from NIfTI: only DICOM series"):
        comprehensive_sr(studies.result(studies.nifti_series()), made=MADE)


def test_an_error_tells_nothing_of_the_patient(monkeypatch):
    def fail(*_, **__):
        raise ValueError("PatientName Phantom^Anna is odd")

    monkeypatch.setattr("highdicom.sr.ComprehensiveSR", fail)
    with pytest.raises(ScanError, match=r"The structured report could not be made: .* \(ValueError\)") as caught:
        comprehensive_sr(studies.result(), made=MADE)
    assert "Phantom^Anna" not in "".join(traceback.format_exception(caught.value))


def test_odd_values_are_mended_and_neither_logged_nor_warned_of(caplog):
    odd = {"PatientBirthDate": "born 1970", "StudyDate": "1997.04.24", "StudyTime": "14:04:38", "StudyID": "S" * 40}
    series = studies.dicom_series(n=3)
    slices = tuple(replace(each, header=lambda each=each: _odd(each.header(), odd)) for each in series.slices)
    caplog.set_level("DEBUG")
    document = comprehensive_sr(studies.result(replace(series, slices=slices), flagged=()), made=MADE)
    assert (document.PatientBirthDate or "", document.StudyDate, document.StudyTime) == ("", "19970424", "140438")
    assert not caplog.records


def _odd(ds: Dataset, values: dict) -> Dataset:
    """With values that pydicom would refuse, as they come out of a file."""
    for keyword, value in values.items():
        tag = pydicom.datadict.tag_for_keyword(keyword)
        ds[tag] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(tag), ds[tag].VR, len(value), value.encode(), 0, False, True, True
        )
    return ds


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Jürgen"),
        ("ISO_IR 144", "Люкceмбypг"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
def test_names_of_any_character_set_arrive(charset, name):
    datasets = series_datasets(3, size=studies.SIZE, SpecificCharacterSet=charset, PatientName=name)
    stored = []
    for ds in datasets:
        buffer = io.BytesIO()
        ds.save_as(buffer, enforce_file_format=True)
        stored.append(pydicom.dcmread(io.BytesIO(buffer.getvalue())))
    document = read_back(comprehensive_sr(studies.result(studies.dicom_series(stored), flagged=()), made=MADE))
    assert document.SpecificCharacterSet == "ISO_IR 192"
    assert str(document.PatientName) == name


def test_the_source_is_not_changed():
    series = studies.dicom_series(series_datasets(3, size=studies.SIZE, AccessionNumber=None))
    header = series.slices[0].header()
    series = replace(series, slices=tuple(replace(each, header=lambda: header) for each in series.slices))
    before = header.to_json()
    comprehensive_sr(studies.result(series, flagged=()), made=MADE)
    assert header.to_json() == before


def test_what_leaves_the_archive_is_made_of_deidentified_sources():
    found = studies.result(studies.dicom_series(n=3), flagged=())
    document = comprehensive_sr(found, made=MADE, deidentified=True)
    source = found.series.slices[0].header()
    uids = [str(source[keyword].value) for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    for secret in (*uids, "Phantom^Anna", "PH-0001", "19700131", "ACC-1", "20260102", "MRI brain"):
        assert secret.encode() not in written(document)
    assert str(document.PatientName).startswith("P-") and document.PatientIdentityRemoved == "YES"


@pytest.mark.parametrize("kind", ["plain", "enhanced", "nothing assessed", "long texts", "de-identified"])
def test_a_validator_passes_it(kind, tmp_path):
    validator = studies.required_tool("dciodvfy", "dicom3tools")
    found = {
        "plain": lambda: studies.result(),
        "enhanced": lambda: studies.result(studies.enhanced_series()),
        "nothing assessed": lambda: studies.result(flagged=range(8)),
        "long texts": lambda: _long(studies.result()),
        "de-identified": lambda: studies.result(),
    }[kind]()
    path = tmp_path / "sr.dcm"
    path.write_bytes(written(comprehensive_sr(found, made=MADE, deidentified=kind == "de-identified")))
    done = subprocess.run([validator, path], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    assert "ComprehensiveSR" in lines
    known = ["99BRAIN", "VR checker does not support this Specific Character Set"]  # a private scheme; UTF-8
    known += (
        ["needed to build DICOMDIR", "Person Name form"] if kind == "de-identified" else []
    )  # no dates; a pseudonym
    found = [line for line in lines if line.startswith(("Error", "Warning"))]
    assert [line for line in found if not any(each in line for each in known)] == []


def _long(found):
    point = SimpleNamespace(threshold=0.1234567890123, source="set by 山田 on 2026-01-01: " + "because " * 40)
    return replace(found, summaries=tuple(replace(s, operating_point=point, version="v" * 80) for s in found.summaries))


def test_dcmtk_reads_the_tree(tmp_path, document):
    dump = studies.required_tool("dsrdump", "dcmtk")
    path = tmp_path / "sr.dcm"
    path.write_bytes(written(document))
    done = subprocess.run([dump, path], capture_output=True, text=True, check=True)
    assert "Verification Flag   : UNVERIFIED" in done.stdout
    assert not [line for line in done.stderr.splitlines() if line.startswith("E:")]
