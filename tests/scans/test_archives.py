import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from brain_core.errors import ScanError
from brain_core.scans.archives import Limits, listing
from brain_core.scans.source_file import SourceFile
from tests.scans.zip_files import zip_bytes, zip_file


def names(found) -> list[str]:
    return [file.name for file in found.files]


def refused(file: SourceFile, match: str, **options) -> None:
    with pytest.raises(ScanError, match=match):
        listing(file, **options)


def test_members_are_read_where_they_lie():
    content = {"a/b/IM0001": b"one" * 1000, "a/IM0002": b"two"}
    found = listing(zip_file(content))
    assert names(found) == ["IM0001", "IM0002"]
    for file, data in zip(found.files, content.values(), strict=True):
        assert file.size == len(data)
        for _ in range(2):
            with file.open() as opened:
                assert opened.read() == data
                opened.seek(1)
                assert opened.read(2) == data[1:3]


def test_a_zip_on_disk(tmp_path):
    path = tmp_path / "study.zip"
    path.write_bytes(zip_bytes({"IM1": b"data"}))
    (file,) = listing(SourceFile.of_path(path)).files
    with file.open() as opened:
        assert opened.read() == b"data"


def test_members_are_read_by_several_threads_at_once():
    content = {str(i): bytes([i]) * 200_000 for i in range(40)}
    files = listing(zip_file(content)).files

    def read(file):
        with file.open() as opened:
            return opened.read()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, files * 3)) == [*content.values()] * 3


@pytest.mark.parametrize(
    "name", ["__MACOSX/._IM1", "a/.DS_Store", "Thumbs.db", "a\\Thumbs.db", "DESKTOP.INI", ".hidden/../.x"]
)
def test_what_operating_systems_add_is_counted(name):
    found = listing(zip_file({name: b"x", "IM1": b"y"}))
    assert (names(found), found.ignored) == (["IM1"], 1)


@pytest.mark.parametrize("name", ["../../etc/IM1", "/IM1", "C:\\scans\\IM1", "a/../IM1", "IM\n1"])
def test_names_that_lead_elsewhere_do_no_harm(name):
    assert names(listing(zip_file({name: b"x"}))) == ["IM1"]


def test_folders_are_no_files():
    found = listing(zip_file({"a/": b"", "a/IM1": b"x"}))
    assert (names(found), found.ignored, found.refused) == (["IM1"], 0, [])


def test_an_empty_zip():
    assert listing(zip_file({})).files == []


def test_other_methods_are_refused_one_by_one():
    data = zip_bytes({"IM1": b"x" * 100}, zipfile.ZIP_BZIP2)
    (one,) = listing(SourceFile.of_bytes(data, "study.zip")).refused
    assert (one.name, one.reason) == ("IM1", "packed by a method (12) that is not read.")


def test_an_encrypted_zip_is_refused_as_a_whole():
    data = bytearray(zip_bytes({"IM1": b"x", "IM2": b"y"}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 8] |= 1
    refused(
        SourceFile.of_bytes(bytes(data), "study.zip"), "^study.zip: is encrypted; expected a zip without a password"
    )


def test_limits():
    file = zip_file({str(i): bytes(1000) for i in range(10)})
    refused(file, "study.zip: 10 files; zips of up to 9 are read", limits=Limits(members=9))
    refused(file, "study.zip: unpacks to 0 MB; zips of up to 0 MB", limits=Limits(unpacked=9999))
    refused(file, "unpacks to more than 5 times its size", limits=Limits(ratio=5, ratio_from=5000))
    assert len(listing(file, limits=Limits(members=10, unpacked=10_000, ratio=5)).files) == 10


def test_a_bomb_is_refused_unread():
    """A member that claims 700 MB and takes 1 KB: nothing of it is unpacked."""
    data = bytearray(zip_bytes({"IM1": bytes(1000)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 700_000_000)
    refused(SourceFile.of_bytes(bytes(data), "study.zip"), "unpacks to more than 200 times its size")


def test_no_more_comes_than_was_promised():
    data = bytearray(zip_bytes({"IM1": bytes(100_000)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 50)
    (file,) = listing(SourceFile.of_bytes(bytes(data), "study.zip")).files
    with pytest.raises(zipfile.BadZipFile), file.open() as opened:
        assert len(opened.read()) <= 50


def test_members_that_take_more_than_there_is():
    data = bytearray(zip_bytes({"IM1": b"x" * 50}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 20 : place + 24] = struct.pack("<I", 5_000_000)
    refused(SourceFile.of_bytes(bytes(data), "study.zip"), "the zip is damaged: its members take more")


@pytest.mark.parametrize("keep", [4, 50, 120])
def test_a_truncated_zip(keep):
    data = zip_bytes({"IM1": b"x" * 50, "IM2": b"y" * 50})
    refused(SourceFile.of_bytes(data[:keep], "study.zip"), "study.zip: the zip is damaged or not whole")


def test_a_huge_directory_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr("brain_core.scans.zip_checks.CHUNK", 1000)
    refused(
        zip_file({f"{number:0200}": b"" for number in range(50)}), "lists too many members", limits=Limits(members=2)
    )


def test_a_zip_that_is_gone(tmp_path):
    path = tmp_path / "study.zip"
    path.write_bytes(zip_bytes({"IM1": b"data"}))
    file = SourceFile.of_path(path)
    path.unlink()
    refused(file, r"study.zip: cannot be opened \(No such file")
