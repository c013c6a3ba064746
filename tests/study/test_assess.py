"""A study's files in, results and DICOM objects out, as an archive's watcher uses it."""

import errno
from pathlib import Path

import numpy as np
import pytest

from brain_core.errors import ShortageError
from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.scans.dicom import pixels
from brain_core.study.assess import assessor
from brain_core.study.documents import UniqueStems, slice_of
from tests.scans.dicom_files import head_volume, series_datasets, to_bytes, write_series
from tests.scans.nifti_files import nifti_bytes


def unable(monkeypatch, name: str, error: Exception) -> None:
    """Files of that name cannot be opened."""
    opened = Path.open

    def open_other(path, *arguments, **options):
        if path.name == name:
            raise error
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_other)


NO_DICOM = "This series was read from NIfTI: only DICOM series can be answered in DICOM. Use the PDF."


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
    reports = assess(write_series(tmp_path, n=3, size=64)).documents().files
    assert sorted(name.rsplit(".", 1)[1] for name in reports) == ["csv", "dcm", "json", "pdf"]  # too short for overlays
    assert next(data for name, data in reports.items() if name.endswith("pdf")).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "Too many open files"), r"A file of the study: not read now \(Too many open files\)\."),
        (MemoryError(), r"A file of the study: not enough memory to read it\."),
    ],
)
def test_no_answer_of_a_part_of_a_study_while_the_machine_runs_short(assess, tmp_path, monkeypatch, error, said):
    paths = write_series(tmp_path, n=6, size=64)
    unable(monkeypatch, paths[2].name, error)
    with pytest.raises(ShortageError, match=f"^{said}$"):
        assess(paths)


def test_a_file_that_the_disk_does_not_give_back_is_damaged_and_the_others_are_answered(assess, tmp_path, monkeypatch):
    paths = write_series(tmp_path, n=6, size=64)
    unable(monkeypatch, paths[2].name, OSError(errno.EIO, "Input/output error"))
    ((_, found),) = assess(paths).results
    assert len(found.series) == 5 and not found.errors


def test_no_answer_where_the_memory_ends_while_slices_are_decoded(assess, tmp_path, monkeypatch):
    paths = write_series(tmp_path, n=6, size=64)

    def decode(*_arguments):
        raise MemoryError

    monkeypatch.setattr(pixels.PixelSource, "_stored", decode)
    with pytest.raises(ShortageError, match=r"^A slice of the study: not enough memory to read it\.$"):
        assess(paths)


def test_a_study_without_an_image_says_why(assess, tmp_path):
    (tmp_path / "notes.txt").write_text("no scan")
    assessed = assess([tmp_path / "notes.txt"])
    assert (assessed.objects, assessed.results) == ((), ())
    assert assessed.summary == assessed.refused == "neither DICOM nor NIfTI, nor a picture of a format that is read."
    for i, ds in enumerate(series_datasets(3, size=64, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])):
        (tmp_path / f"{i}.dcm").write_bytes(to_bytes(ds))
    assert assess(sorted(tmp_path.glob("*.dcm"))).refused == "The study holds localisers and derived series only."


def write_volume(folder, name: str = "head.nii"):
    folder.mkdir(parents=True, exist_ok=True)
    volume = head_volume(4, size=64).transpose(2, 1, 0)
    (folder / name).write_bytes(nifti_bytes(volume, np.diag([1.5, 1.5, 5, 1])))
    return folder / name


def test_a_series_that_is_not_dicom_keeps_no_other_from_its_answer(assess, tmp_path):
    paths = [write_volume(tmp_path), *write_series(tmp_path / "dicom", n=6, size=64)]
    assessed = assess(paths)
    assert {found.series.source for _, found in assessed.results} == {"NIfTI", "DICOM"}
    assert [ds.Modality for ds in assessed.objects] == ["SR", "OT", "OT"] and assessed.refused is None
    assert assessed.unanswered == (NO_DICOM,)
    first, second, last = assessed.summary.split("; ")
    assert {first.split(",")[0], second.split(",")[0]} == {"series 3", "series without a number"} and last == NO_DICOM
    kinds = sorted(name.rsplit(".", 1)[1] for name in assessed.documents().files)
    assert kinds == ["csv", "csv", "dcm", "dcm", "dcm", "json", "json", "pdf", "pdf"]


def test_where_no_series_is_dicom_the_results_are_there_and_nothing_to_store(assess, tmp_path):
    assessed = assess([write_volume(tmp_path)])
    assert len(assessed.results) == 1 and len(assessed.documents().files) == 3 and not assessed.documents().unanswered
    assert (assessed.objects, assessed.refused, assessed.summary) == ((), NO_DICOM, NO_DICOM)


def test_two_stacks_of_one_series_have_objects_and_files_of_their_own(assess, tmp_path):
    paths = []
    for echo, seed in ((15, 0), (90, 1)):
        stack = {"EchoTime": echo, "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.4"}
        paths += write_series(tmp_path / str(echo), n=6, size=64, seed=seed, **stack)
    assessed = assess(paths)
    assert [len(found.series) for _, found in assessed.results] == [6, 6]
    assert [ds.Modality for ds in assessed.objects] == ["SR", "OT", "OT"] * 2
    assert len({ds.SOPInstanceUID for ds in assessed.objects}) == 6 and assessed.unanswered == ()
    names = {name.split("-series-")[1] for name in assessed.documents().files if name.endswith(("SR.dcm", "pdf"))}
    assert names == {"3.pdf", "3-1-SR.dcm", "3-2.pdf", "3-2-1-SR.dcm"}


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
    from tests.scans.dicom_files import enhanced

    (study,) = collect([SourceFile.of_bytes(to_bytes(enhanced(head_volume(9, size=64))), "x")]).studies
    (series,) = study.series
    assert len({each.header for each in series.slices}) == 1
    found = headers(series, deidentified=False)
    assert len(found) == 9 and all(each is found[0] for each in found)
