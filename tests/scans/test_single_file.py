"""Whether a file may be a scan: by its name, or by how it begins."""

import pytest

from brain_core.scans.single_file import is_scan
from brain_core.scans.source_file import SourceFile
from tests.scans.dicom_files import dicom_bytes, head_volume


def unopened() -> SourceFile:
    raise AssertionError("opened, though its name tells")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.png", True), ("a.NII.GZ", True), ("a.dcm", True), ("a.txt", False), (".hidden", False), ("a.nii.txt", False)],
)
def test_a_suffix_decides_without_a_look_inside(name, expected):
    assert is_scan(name, unopened) is expected


def test_without_a_suffix_dicom_alone_counts():
    assert is_scan("IM0001", lambda: SourceFile.of_bytes(dicom_bytes(head_volume(1)[0]), "IM0001"))
    assert not is_scan("README", lambda: SourceFile.of_bytes(b"no scan", "README"))
    assert not is_scan("empty", lambda: SourceFile.of_bytes(b"", "empty"))


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(5, "I/O error"), RuntimeError("x")]
)
def test_without_a_suffix_what_cannot_be_looked_into_counts(error):
    def fail():
        raise error

    assert is_scan("IM0001", lambda: SourceFile("IM0001", 10, fail))
    assert is_scan("IM0001", fail)
