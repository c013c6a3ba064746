"""Whole jobs in this process: what is scored, when, and how often."""

import shutil
from collections import Counter
from dataclasses import replace

import fsspec
import nibabel
import numpy as np
import pytest

from brain_core.bulk import job, local
from brain_core.bulk.schema import SCHEMA
from tests.scans.dicom_files import enhanced, head_volume, to_bytes
from tests.unreadable import close

PATHS = ["a/0.png", "a/2.png", "a/4.png", "b/1.png", "b/3.png", "b/5.png"]


def paths(rows) -> list[str]:
    return sorted(row["path"] for row in rows)


def test_every_scan_is_a_row_of_the_stable_shape(scans, tmp_path, run, table):
    summary = run(scans, tmp_path / "out")
    rows = table(tmp_path / "out")
    assert (summary.scored, summary.errors, summary.skipped) == (6, 0, 0)
    assert summary.partition == str(next((tmp_path / "out").glob("scoring=*")))
    assert paths(rows) == PATHS
    assert set(rows[0]) == {*SCHEMA.names, "scoring"}
    for row in rows:
        assert (row["source"], row["model"], row["version"]) == (str(scans), "custom_cnn", "test-custom_cnn")
        assert 0 <= row["probability"] <= 1 and row["threshold"] == 0.4
        assert row["label"] == ("tumor" if row["probability"] >= 0.4 else "no tumor")
        assert row["error"] is None and row["error_kind"] is None and row["slice"] is None
        assert len(row["sha256"]) == 64


def test_a_second_run_scores_what_is_new_alone(scans, tmp_path, run, table):
    run(scans, tmp_path / "out")
    before = {path: path.read_bytes() for path in tmp_path.glob("out/scoring=*/*")}
    assert len(before) == 3
    shutil.copyfile(scans / "a" / "0.png", scans / "a" / "1.png")
    summary = run(scans, tmp_path / "out")
    assert (summary.scored, summary.skipped) == (1, 6)
    assert all(path.read_bytes() == data for path, data in before.items())
    assert paths(table(tmp_path / "out")) == sorted([*PATHS, "a/1.png"])


def test_a_run_that_is_stopped_leaves_whole_parts_and_goes_on_there(scans, tmp_path, service, run, table):
    def stopped(shards, models, partition):
        yield next(local.run(shards, models, partition))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job.run(str(scans), str(tmp_path / "out"), service, stopped, shard=2)
    assert len(table(tmp_path / "out")) == 2
    assert run(scans, tmp_path / "out").skipped == 2
    assert paths(table(tmp_path / "out")) == PATHS


def test_another_version_scores_anew_in_a_partition_of_its_own(scans, tmp_path, service, run, table):
    run(scans, tmp_path / "out")
    point = replace(service[0].operating_point, threshold=0.9)
    summary = run(scans, tmp_path / "out", (replace(service[0], operating_point=point),))
    assert (summary.scored, summary.skipped) == (6, 0)
    assert Counter(row["threshold"] for row in table(tmp_path / "out")) == {0.4: 6, 0.9: 6}
    assert len(list((tmp_path / "out" / "_scorings").iterdir())) == 2


def test_bad_files_are_rows_with_an_error(scans, tmp_path, run, table):
    (scans / "text.png").write_text("no picture")
    (scans / "empty.dcm").write_bytes(b"")
    (scans / "list.csv").write_text('path\ntext.png\nnone.png\nempty.dcm\nnonsense://x.png\n""\na/0.png\na/0.png\n')
    summary = run(scans / "list.csv", tmp_path / "out")
    assert (summary.scored, summary.errors, summary.skipped) == (1, 5, 1)
    errors = {row["path"]: row["error"] for row in table(tmp_path / "out")}
    assert errors.pop("a/0.png") is None
    assert errors["text.png"].startswith("text.png: not a picture")
    assert errors["none.png"].startswith("none.png: cannot be opened")
    assert errors["empty.dcm"] == "empty.dcm: the file is empty."
    assert errors["nonsense://x.png"].startswith("nonsense://x.png: expected a path or a URL")
    assert errors[""] == "the manifest names no path in this row."
    kinds = {row["error_kind"] for row in table(tmp_path / "out") if row["error"]}
    assert kinds == {"ScanError"}


def test_errors_stay_until_they_are_asked_to_be_tried_again(scans, tmp_path, run, table):
    (scans / "a" / "3.png").write_text("no picture yet")
    run(scans, tmp_path / "out")
    shutil.copyfile(scans / "a" / "0.png", scans / "a" / "3.png")
    kept = run(scans, tmp_path / "out")
    assert (kept.scored, kept.errors, kept.errors_before, kept.skipped) == (0, 0, 1, 7)
    tried = run(scans, tmp_path / "out", retry_errors=True)
    assert (tried.scored, tried.errors, tried.errors_before, tried.skipped) == (1, 0, 0, 6)
    rows = table(tmp_path / "out")
    assert paths(rows) == sorted([*PATHS, "a/3.png"])
    assert not any(row["error"] for row in rows)


def test_the_slices_of_a_file_are_numbered_wherever_it_lies(tmp_path, run, table):
    system = fsspec.filesystem("memory")
    volume = nibabel.Nifti1Image(head_volume(3).transpose(2, 1, 0), np.diag([1.5, 1.5, 5, 1]))
    system.pipe_file("/bulk/head.nii", volume.to_bytes())
    system.pipe_file("/bulk/many.dcm", to_bytes(enhanced(head_volume(2))))
    try:
        summary = run("memory://bulk", tmp_path / "out")
    finally:
        system.rm("/bulk", recursive=True)
    assert (summary.scored, summary.errors) == (5, 0)
    found = sorted((row["path"], row["slice"]) for row in table(tmp_path / "out"))
    assert found == [("head.nii", 1), ("head.nii", 2), ("head.nii", 3), ("many.dcm", 1), ("many.dcm", 2)]


def test_results_go_to_another_store_and_are_found_there_again(scans, tmp_path, run):
    system = fsspec.filesystem("memory")
    (scans / "bad.png").write_text("no picture")
    try:
        assert run(scans, "memory://bulk-out").scored == 6
        again = run(scans, "memory://bulk-out", retry_errors=True)
        assert (again.scored, again.errors, again.skipped) == (0, 1, 6)
        names = [path.rsplit("/", 1)[1] for path in system.find("/bulk-out")]
    finally:
        system.rm("/bulk-out", recursive=True)
    assert sorted(name.split("-")[0] for name in names if name.startswith((".", "part-"))) == ["part"] * 4


def test_too_large_a_file_elsewhere_is_refused_unread(tmp_path, set_environment, models_dir, run, table):
    set_environment(BRAIN_MODELS_DIR=models_dir, BRAIN_MAX_FILE_MEGABYTES=1)
    system = fsspec.filesystem("memory")
    system.pipe_file("/bulk/large.png", bytes(2_000_000))
    try:
        run("memory://bulk", tmp_path / "out")
    finally:
        system.rm("/bulk", recursive=True)
    (row,) = table(tmp_path / "out")
    assert row["error"] == "large.png: 2 MB; files of up to 1 MB are read."


def test_what_is_tried_again_is_of_this_source_alone(scans, tmp_path, run, table):
    (scans / "a" / "bad.png").write_text("no picture")
    (scans / "b" / "bad.png").write_text("no picture")
    run(scans, tmp_path / "out")
    shutil.copyfile(scans / "b" / "1.png", scans / "b" / "bad.png")
    summary = run(scans / "b", tmp_path / "out", retry_errors=True)
    assert (summary.scored, summary.errors, summary.errors_before, summary.skipped) == (1, 0, 1, 3)
    rows = {(row["source"], row["path"]): row["error"] for row in table(tmp_path / "out")}
    assert len(rows) == 8
    assert rows[str(scans), "a/bad.png"].startswith("bad.png: not a picture")
    assert rows[str(scans / "b"), "bad.png"] is None and (str(scans), "b/bad.png") not in rows


def test_a_file_under_two_spellings_is_scored_once(scans, tmp_path, run, table):
    (scans / "list.csv").write_text("path\n./a/0.png\na/0.png\nb/../a//0.png\n")
    summary = run(scans / "list.csv", tmp_path / "out")
    assert (summary.scored, summary.skipped) == (1, 2)
    assert paths(table(tmp_path / "out")) == ["./a/0.png"]
    assert run(scans, tmp_path / "out").scored == 5


def test_names_that_are_no_utf8_are_scored_once_under_their_escaped_path(scans, tmp_path, run, table):
    source = scans.rename(scans.with_name("scans-\udcff"))
    shutil.copyfile(source / "a" / "0.png", source / "a" / "\udce9.png")
    (source / "a" / "bad\udce9.png").write_text("no picture")
    summary = run(source, tmp_path / "out")
    assert (summary.scored, summary.errors) == (7, 1)
    rows = {row["path"]: row for row in table(tmp_path / "out")}
    assert sorted(rows) == sorted([*PATHS, r"a/\udce9.png", r"a/bad\udce9.png"])
    assert {row["source"] for row in rows.values()} == {str(tmp_path / r"scans-\udcff")}
    assert rows[r"a/\udce9.png"]["sha256"] == rows["a/0.png"]["sha256"]
    assert rows[r"a/bad\udce9.png"]["error"].startswith("bad")
    again = run(source, tmp_path / "out", retry_errors=True)
    assert (again.scored, again.errors, again.skipped) == (0, 1, 7)
    assert len(table(tmp_path / "out")) == 8


def test_a_file_without_a_suffix_that_cannot_be_opened_is_a_row_with_an_error(scans, tmp_path, run, table, monkeypatch):
    (scans / "IM0001").write_bytes(b"anything")
    close(monkeypatch, "IM0001")
    summary = run(scans, tmp_path / "out")
    assert (summary.scored, summary.errors) == (6, 1)
    (error,) = [row["error"] for row in table(tmp_path / "out") if row["path"] == "IM0001"]
    assert error == "IM0001: the file cannot be read."
