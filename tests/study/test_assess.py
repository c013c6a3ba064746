"""A study's files in, results and DICOM objects out, as an archive's watcher uses it."""

import pytest

from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.study.assess import assessor
from brain_core.study.documents import UniqueStems, slice_of
from tests.scans.dicom_files import series_datasets, to_bytes, write_series


@pytest.fixture(scope="module")
def assess(models_dir):
    return assessor([Detector(read_card(name, models_dir)) for name in ("custom_cnn", "resnet50")])


def test_one_report_and_one_overlay_a_model_of_the_same_study_each_time(assess, tmp_path):
    paths = write_series(tmp_path, n=6, size=64)
    first, second = assess(paths), assess(reversed(paths))
    assert [ds.Modality for ds in first.objects] == ["SR", "OT", "OT"]
    study = series_datasets(1, size=64)[0].StudyInstanceUID
    assert {ds.StudyInstanceUID for ds in first.objects} == {study}
    assert [ds.SOPInstanceUID for ds in first.objects] == [ds.SOPInstanceUID for ds in second.objects]
    assert first.refused is None


def test_the_overlay_is_of_the_most_suspicious_slice_of_the_summary(assess, tmp_path):
    assessed = assess(write_series(tmp_path, n=8, size=64))
    ((_, found),) = assessed.results
    for summary, capture in zip(found.summaries, assessed.objects[1:], strict=True):
        index = slice_of(found, summary.model)
        values = [found.predictions[summary.model][i].probability for i in summary.slices]
        assert found.predictions[summary.model][index].probability == max(values)
        source = found.series.slices[index].header()
        assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID


def test_the_line_for_a_log_names_no_patient(assess, tmp_path):
    summary = assess(write_series(tmp_path, n=6, size=64)).summary
    assert summary.startswith("series 3, 6 slices, 2 flagged, 0 unreadable: custom_cnn 0.")
    assert "Anna" not in summary and "PH-0001" not in summary


def test_reports_are_made_when_they_are_asked_for(assess, tmp_path):
    reports = assess(write_series(tmp_path, n=3, size=64)).reports
    assert sorted(name.rsplit(".", 1)[1] for name in reports) == ["csv", "json", "pdf"]
    assert next(data for name, data in reports.items() if name.endswith("pdf")).startswith(b"%PDF")


def test_a_study_without_an_image_says_why(assess, tmp_path):
    (tmp_path / "notes.txt").write_text("no scan")
    assessed = assess([tmp_path / "notes.txt"])
    assert (assessed.objects, assessed.results) == ((), ())
    assert assessed.summary == assessed.refused == "neither DICOM nor NIfTI, nor a picture of a format that is read."
    for i, ds in enumerate(series_datasets(3, size=64, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])):
        (tmp_path / f"{i}.dcm").write_bytes(to_bytes(ds))
    assert assess(sorted(tmp_path.glob("*.dcm"))).refused == "The study holds localisers and derived series only."


def test_names_of_files_are_told_apart():
    from types import SimpleNamespace

    names, study = UniqueStems(), SimpleNamespace(pseudonym="P-1")
    series = [SimpleNamespace(number=number) for number in (3, 3, None, None)]
    assert [names.of(study, each) for each in series] == [
        "P-1-series-3",
        "P-1-series-3-2",
        "P-1-series",
        "P-1-series-2",
    ]


def test_the_header_of_a_multi_frame_file_is_read_once():
    from brain_core.reports.dicom_common import headers
    from brain_core.scans import SourceFile, collect
    from tests.scans.dicom_files import enhanced, head_volume

    (study,) = collect([SourceFile.of_bytes(to_bytes(enhanced(head_volume(9, size=64))), "x")]).studies
    (series,) = study.series
    assert len({each.header for each in series.slices}) == 1
    found = headers(series, deidentified=False)
    assert len(found) == 9 and all(each is found[0] for each in found)
