"""``predict`` on DICOM and NIfTI: each slice of each file, and never stopped by a bad one."""

import csv
import io
import json
import shutil
import zipfile

import nibabel
import numpy as np
import pytest

from brain_core.cli import main
from tests.scans.dicom_files import dicom_bytes, enhanced, head_volume, to_bytes, write_series
from tests.unreadable import close


@pytest.fixture(autouse=True)
def service(models_dir, set_environment):
    set_environment(BRAIN_MODELS_DIR=models_dir)


def predict(capsys, *arguments) -> list[dict]:
    main(["predict", *map(str, arguments), "--model", "custom_cnn", "--format", "json"])
    return json.loads(capsys.readouterr().out)


def test_a_folder_of_dicom_files_is_scored_file_by_file_with_or_without_a_suffix(tmp_path, capsys):
    paths = write_series(tmp_path / "series", n=4)
    shutil.move(paths[2], tmp_path / "series" / "IM0003")
    (tmp_path / "series" / "README").write_text("no scan")
    (tmp_path / "series" / ".DS_Store").write_bytes(b"\0" * 200)
    records = predict(capsys, tmp_path / "series")
    assert [record["path"].rsplit("/", 1)[1] for record in records] == ["0001.dcm", "0002.dcm", "0004.dcm", "IM0003"]
    assert all("slice" not in record and 0 <= record["probability"] <= 1 for record in records)


def test_the_slices_of_one_file_are_numbered(tmp_path, capsys):
    (tmp_path / "many.dcm").write_bytes(to_bytes(enhanced(head_volume(5))))
    records = predict(capsys, tmp_path / "many.dcm", "--heatmaps", tmp_path / "maps")
    assert [record["slice"] for record in records] == [1, 2, 3, 4, 5]
    assert list(records[0])[:3] == ["path", "slice", "model"]
    assert records[3]["heatmap"].endswith("many.dcm.slice-0004.custom_cnn.png")
    assert len(list((tmp_path / "maps").iterdir())) == 10


def test_a_volume_and_a_picture_stand_in_one_table(tmp_path, phantom_dataset, capsys):
    volume = head_volume(3).transpose(2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([1.5, 1.5, 5, 1])), tmp_path / "head.nii.gz")
    picture = next((phantom_dataset / "yes").iterdir())
    arguments = [str(tmp_path / "head.nii.gz"), str(picture), "--model", "custom_cnn", "--format", "csv"]
    assert main(["predict", *arguments]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["slice"] for row in rows] == ["1", "2", "3", ""]


def test_a_file_that_is_refused_says_why_and_the_others_go_on(tmp_path, capsys):
    (tmp_path / "a.dcm").write_bytes(
        dicom_bytes(head_volume(1)[0], Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    )
    (tmp_path / "b.dcm").write_bytes(dicom_bytes(head_volume(1)[0]))
    bad, good = predict(capsys, tmp_path / "a.dcm", tmp_path / "b.dcm")
    assert bad["path"].endswith("a.dcm") and "CT" in bad["error"]
    assert "error" not in good


def test_a_picture_under_another_name_is_still_read(tmp_path, phantom_dataset, capsys):
    shutil.copy(next((phantom_dataset / "yes").iterdir()), tmp_path / "scan.data")
    (record,) = predict(capsys, tmp_path / "scan.data")
    assert 0 <= record["probability"] <= 1
    (tmp_path / "scan.data").write_text("text")
    (record,) = predict(capsys, tmp_path / "scan.data")
    assert record["error"] == "scan.data: neither DICOM nor NIfTI, nor a picture of a format that is read."


def test_pictures_in_a_zip_are_scored_one_by_one_and_a_bad_one_stops_no_other(tmp_path, phantom_dataset, capsys):
    first, second = sorted((phantom_dataset / "yes").iterdir())[:2]
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.write(first, "ward/a.png")
        archive.writestr("ward/b.png", b"no picture")
        archive.write(second, "c.png")
        archive.writestr("note.txt", b"text")
    refused, *records = predict(capsys, tmp_path / "scans.zip", "--heatmaps", tmp_path / "maps")
    assert {record["path"] for record in (refused, *records)} == {str(tmp_path / "scans.zip")}
    assert refused["error"].startswith("note.txt: neither DICOM nor NIfTI")
    one, bad, other = records
    assert bad["error"].startswith("b.png: ")
    for record, picture in ((one, first), (other, second)):
        (alone,) = predict(capsys, picture)
        assert record["probability"] == pytest.approx(alone["probability"], abs=1e-6) and "slice" not in record
    assert [record["heatmap"].rsplit("/", 1)[1] for record in (one, other)] == [
        "a.png.custom_cnn.png",
        "c.png.custom_cnn.png",
    ]


@pytest.mark.parametrize("kind", ["json", "csv", "table"])
def test_names_that_are_no_utf8_are_written_escaped(tmp_path, phantom_dataset, capfdbinary, kind):
    folder, picture = tmp_path / "in\udcff", sorted((phantom_dataset / "yes").iterdir())[0]
    folder.mkdir()
    shutil.copy(picture, folder / "\udce9.png")
    (folder / "bad\udce9.png").write_text("no picture")
    words = ["predict", str(folder), "--model", "custom_cnn", "--format", kind, "--heatmaps", str(tmp_path / "maps")]
    assert main(words) == 1
    told = capfdbinary.readouterr().out
    assert main([*words, "--output", str(tmp_path / "out")]) == 1
    for text in (told.decode(), (tmp_path / "out").read_text(encoding="utf-8")):
        for name in (r"in\udcff/\udce9.png", r"in\udcff/bad\udce9.png"):
            assert (json.dumps(name)[1:-1] if kind == "json" else name) in text
    maps = [path.name for path in (tmp_path / "maps").iterdir()]
    assert len(maps) == 2 and all(name.isprintable() for name in maps)


def test_a_name_as_long_as_there_are_gets_heatmaps_too(tmp_path, phantom_dataset, capsys):
    first, second = sorted((phantom_dataset / "yes").iterdir())[:2]
    for name, picture in (("x" * 250 + "1.png", first), ("x" * 250 + "2.png", second)):
        shutil.copy(picture, tmp_path / name[-255:])
    records = predict(capsys, tmp_path, "--heatmaps", tmp_path / "maps")
    assert len(records) == 2 and all("error" not in record for record in records)
    written = [record["heatmap"] for record in records]
    assert [name.rsplit("x", 1)[1] for name in written] == [".png.custom_cnn.png", "-2.png.custom_cnn.png"]
    assert {str(path) for path in (tmp_path / "maps").glob("*_cnn.png")} == set(written)


def test_a_file_without_a_suffix_that_cannot_be_opened_says_so(tmp_path, capsys, monkeypatch):
    (tmp_path / "README").write_text("no scan")
    (tmp_path / "IM0001").write_bytes(dicom_bytes(head_volume(1)[0]))
    close(monkeypatch, "IM0001")
    (record,) = predict(capsys, tmp_path)
    assert record == {"path": str(tmp_path / "IM0001"), "error": "IM0001: the file cannot be read."}
