"""The secondary capture of an overlay."""

import io
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pydicom
import pytest

from brain_core.errors import ScanError
from brain_core.reports.caption import with_caption
from brain_core.reports.dicom_capture import secondary_capture
from brain_core.reports.dicom_sr import comprehensive_sr
from tests.reports import studies
from tests.scans.dicom_files import PATIENT, SPACING, series_datasets

MADE = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)


def written(image) -> bytes:
    buffer = io.BytesIO()
    image.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def capture(found=None, model="resnet50", index=4):
    return pydicom.dcmread(io.BytesIO(written(secondary_capture(found or studies.result(), model, index, made=MADE))))


@pytest.fixture(scope="module")
def image():
    return capture()


def test_the_picture_is_the_overlay_enlarged_by_a_whole_number(image):
    found = studies.result()
    overlay = found.predictions["resnet50"][4].overlay_on(found.series.scan(4))
    factor = 6  # 96 pixels, at least 512
    pixels = image.pixel_array
    assert pixels.shape[1] == 96 * factor
    np.testing.assert_array_equal(pixels[: 96 * factor : factor, ::factor], overlay)
    np.testing.assert_array_equal(pixels[factor - 1 : 96 * factor : factor, factor - 1 :: factor], overlay)
    assert [float(each) for each in image.PixelSpacing] == pytest.approx([SPACING / factor] * 2)


def test_the_caption_is_below_the_picture(image):
    strip = image.pixel_array[96 * 6 :]
    assert 30 < len(strip) < 200
    assert strip.max() > 200
    assert (strip[..., 0] > 128).mean() > 0.02
    assert not strip[:, 570:].any()  # nothing runs off the edge


def test_it_is_marked_as_derived(image):
    assert list(image.ImageType) == ["DERIVED", "SECONDARY"]
    assert (image.Modality, image.BurnedInAnnotation, image.LossyImageCompression) == ("OT", "YES", "00")
    assert image.SeriesDescription == "BRAIN Grad-CAM overlay (research only)"
    for word in ("BRAIN ResNet50", "2026-11-24-77aa01cd", "Grad-CAM", "never replaces", "does not outline"):
        assert word in image.DerivationDescription
    assert "resnet50 2026-11-24-77aa01cd" in list(image.SoftwareVersions)


def test_it_is_in_the_study_and_names_its_source(image):
    source = studies.dicom_series().slices[4].header()
    assert image.StudyInstanceUID == source.StudyInstanceUID
    assert image.SeriesInstanceUID != source.SeriesInstanceUID
    assert {keyword: str(image.get(keyword)) for keyword in PATIENT} == PATIENT
    (reference,) = image.SourceImageSequence
    assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert "ReferencedFrameNumber" not in reference
    assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121322"
    assert list(image.PatientOrientation) == ["L", "P"]


def test_a_frame_of_an_enhanced_file_is_named():
    image = capture(studies.result(studies.enhanced_series()), index=2)
    assert image.SourceImageSequence[0].ReferencedFrameNumber == 3
    assert list(image.PatientOrientation) == ["L", "P"]


@pytest.mark.parametrize(
    ("cosines", "letters"),
    [
        ([0, 1, 0, 0, 0, -1], ["P", "F"]),
        ([-1, 0, 0, 0, 0.8, 0.6], ["R", "PH"]),
        ([0.6, -0.8, 0, 0, 0, 1], ["AL", "H"]),
        (None, []),
    ],
)
def test_the_orientation_follows_the_source(cosines, letters):
    series = studies.dicom_series(series_datasets(3, size=studies.SIZE, ImageOrientationPatient=cosines))
    image = capture(studies.result(series, flagged=()), index=1)
    assert list(image.PatientOrientation or ()) == letters


def test_captures_of_a_result_are_one_series_and_always_the_same():
    found = studies.result()
    images = [secondary_capture(found, model, i, made=MADE) for model in ("custom_cnn", "resnet50") for i in (3, 4)]
    assert len({each.SeriesInstanceUID for each in images}) == 1
    assert len({each.SOPInstanceUID for each in images}) == len({each.InstanceNumber for each in images}) == 4
    assert written(images[0]) == written(secondary_capture(found, "custom_cnn", 3, made=MADE))
    assert images[0].SeriesInstanceUID != comprehensive_sr(found, made=MADE).SeriesInstanceUID


def test_frames_of_one_file_are_different_objects():
    found = studies.result(studies.enhanced_series())
    assert len({secondary_capture(found, "resnet50", i, made=MADE).SOPInstanceUID for i in range(6)}) == 6


def test_what_was_lost_in_the_source_stays_said():
    lossy = {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": 12.5,
        "LossyImageCompressionMethod": "ISO_10918_1",
    }
    series = studies.dicom_series(series_datasets(3, size=studies.SIZE, **lossy))
    image = capture(studies.result(series, flagged=()), index=1)
    assert {keyword: image.get(keyword) for keyword in lossy} == lossy


def test_deidentified_captures_stay_with_deidentified_reports():
    found = studies.result()
    image = secondary_capture(found, "resnet50", 4, made=MADE, deidentified=True)
    report = comprehensive_sr(found, made=MADE, deidentified=True)
    assert image.StudyInstanceUID == report.StudyInstanceUID
    assert image.StudyInstanceUID != found.series.slices[4].header().StudyInstanceUID
    assert not [value for value in PATIENT.values() if len(value) > 1 and value.encode() in written(image)]
    listed = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert image.SourceImageSequence[0].ReferencedSOPInstanceUID in {each.ReferencedSOPInstanceUID for each in listed}
    assert image.PatientIdentityRemoved == "YES"


def test_a_slice_without_a_result_has_no_overlay():
    with pytest.raises(ScanError, match="Slice 3 was not assessed: there is no overlay of it."):
        secondary_capture(studies.result(unread=(2,)), "resnet50", 2, made=MADE)


def test_a_series_of_another_format_is_refused():
    with pytest.raises(ScanError, match="only DICOM series can be answered in DICOM"):
        secondary_capture(studies.result(studies.nifti_series()), "resnet50", 2, made=MADE)


def test_without_geometry_there_is_no_spacing():
    series = studies.dicom_series()
    series = replace(series, slices=tuple(replace(each, spacing=None) for each in series.slices))
    assert "PixelSpacing" not in capture(studies.result(series))


@pytest.mark.parametrize("kind", ["plain", "enhanced", "poor"])
def test_a_validator_passes_it(kind, tmp_path):
    validator = studies.required_tool("dciodvfy", "dicom3tools")
    poor = dict.fromkeys(("BodyPartExamined", "ImageOrientationPatient", "PatientSex", "StudyID", "Manufacturer"))
    series = {
        "plain": studies.dicom_series,
        "enhanced": studies.enhanced_series,
        "poor": lambda: studies.dicom_series(series_datasets(6, size=studies.SIZE, **poor)),
    }[kind]()
    path = tmp_path / "sc.dcm"
    path.write_bytes(written(secondary_capture(studies.result(series), "custom_cnn", 3, made=MADE)))
    done = subprocess.run([validator, path], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    assert "SCImage" in lines
    known = ("DICOMDIR - Study ID", "only permitted to be empty when actually unknown")  # as in a poor source
    found = [line for line in lines if line.startswith(("Error", "Warning"))]
    assert [line for line in found if kind != "poor" or not any(each in line for each in known)] == []


def test_a_wide_picture_is_not_enlarged():
    pixels = np.full((40, 700, 3), 77, np.uint8)
    picture, factor = with_caption(pixels, ("One line", "word " * 60))
    assert factor == 1
    np.testing.assert_array_equal(picture[:40], pixels)
    assert picture.shape[1] == 700
    assert len(picture) > 40 + 3 * 16  # the long line is broken
