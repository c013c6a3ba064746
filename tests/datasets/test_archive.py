"""Archives of class folders: what is unpacked, what is refused and why, and that nothing is ever left of a refusal."""

import errno
import io
import os
import shutil
import stat
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from brain_core.datasets import archive as module
from brain_core.datasets.archive import Limits, extract
from brain_core.datasets.index import list_items, load_dataset
from brain_core.errors import Cancelled, DatasetError

PICTURE = b"\x89PNG\r\n\x1a\n and so on"  # what it shows is not looked at here
GOOD = {"yes/1.png": PICTURE, "no/2.png": PICTURE}


def zip_of(members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """``members``: name or ZipInfo -> content, or pairs of them where a name repeats."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as written:
        for name, content in members.items() if isinstance(members, dict) else members:
            written.writestr(name, content)
    return buffer.getvalue()


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (mode | 0o644) << 16
    return info


def raw(name: str) -> zipfile.ZipInfo:
    """A member of this very name, NUL and all."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    return info


def patched(data: bytes, offset: int, value: int, format: str = "<L") -> bytes:
    """The archive with a field of its first member changed in the central directory, ``offset`` bytes into it."""
    changed, start = bytearray(data), data.index(b"PK\x01\x02")
    struct.pack_into(format, changed, start + offset, value)
    return bytes(changed)


FLAGS, METHOD, PACKED, UNPACKED = (8, "<H"), (10, "<H"), (20, "<L"), (24, "<L")  # of a central directory record


def with_field(data: bytes, field: tuple[int, str], value: int) -> bytes:
    return patched(data, field[0], value, field[1])


@pytest.fixture
def into(tmp_path) -> Path:
    folder = tmp_path / "uploads" / "set"
    folder.parent.mkdir()
    return folder


@pytest.fixture
def refused(into):
    """``refused(data, match, **options)``: the message fits, and nothing is left."""

    def check(data: bytes, match: str, **options):
        with pytest.raises(DatasetError, match=match):
            extract(io.BytesIO(data), into, **options)
        assert list(into.parent.iterdir()) == []

    return check


def test_pictures_are_unpacked_where_they_belong_and_the_rest_is_passed_over(into):
    junk = {
        "__MACOSX/yes/._1.png": b"x",
        "yes/.DS_Store": b"x",
        "yes/._1.png": b"x",
        "no/Thumbs.db": b"x",
        "no/desktop.ini": b"x",
        "README.md": b"x",
        "yes/": b"",
    }
    steps = []
    data = zip_of(junk | {"yes/A.JPG": b"a", "no/b.png": b"b"})
    assert extract(io.BytesIO(data), into, progress=lambda *step: steps.append(step)) == into
    files = {path.relative_to(into).as_posix(): path.read_bytes() for path in into.rglob("*") if path.is_file()}
    assert files == {"yes/A.JPG": b"a", "no/b.png": b"b"}
    assert steps == [(1, 2), (2, 2)]
    assert list(into.parent.iterdir()) == [into]


def test_a_file_on_disk_is_read_and_an_empty_folder_is_filled(into, tmp_path):
    path = tmp_path / "set.zip"
    path.write_bytes(zip_of({"set/yes/1.png": PICTURE, "set/no/2.png": PICTURE}))
    into.mkdir()
    assert [item.id for item in list_items(extract(path, into))] == ["no/2.png", "yes/1.png"]


def test_backslashes_of_windows_are_separators(into):
    extract(io.BytesIO(zip_of({r"set\yes\1.png": PICTURE, r"set\no\2.png": PICTURE})), into)
    assert (into / "set" / "yes" / "1.png").read_bytes() == PICTURE


def test_real_pictures_survive(into, phantom_dataset, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "phantoms"), "zip", phantom_dataset)
    assert load_dataset(extract(Path(packed), into)).fingerprint == load_dataset(phantom_dataset).fingerprint


def test_a_folder_that_holds_something_is_never_replaced(into):
    into.mkdir()
    (into / "kept.txt").write_text("kept")
    with pytest.raises(DatasetError, match="expected a new folder to unpack to. Received: set, which holds something"):
        extract(io.BytesIO(zip_of(GOOD)), into)
    assert [path.name for path in into.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../yes/1.png", r"'../yes/1.png': a path that leads out of the archive \('\.\.'\)"),
        ("yes/../../1.png", "leads out"),
        ("yes/..", "leads out"),
        (r"yes\..\..\1.png", "leads out"),
        ("__MACOSX/../../1.png", "leads out"),
        ("/etc/1.png", "'/etc/1.png': an absolute path"),
        (r"\\server\yes\1.png", "an absolute path"),
        ("C:/yes/1.png", "an absolute path"),
        (r"c:\yes\1.png", "an absolute path"),
        ("yes/C:1.png", "an absolute path"),
        ("yes/1\n.png", r"'yes/1\\n.png': control characters"),
        ("yes/1\x1b[2J.png", "control characters"),
        ("a/" * 16 + "1.png", "17 folders deep"),
        ("yes/more.zip", "'yes/more.zip': an archive in the archive"),
        ("yes/more.TAR", "an archive in the archive"),
        ("more.tar.gz", "an archive in the archive"),
        ("more.7z", "an archive in the archive"),
        ("more.rar", "an archive in the archive"),
        ("YES/1.PNG", "two members of one name: 'yes/1.png' and 'YES/1.PNG'"),
        ("yes//./1.png", "two members of one name"),
        (r"yes\1.png", "two members of one name"),
        ("yes", "'yes': used as a file and as a folder"),
        ("yes/1.png/2.png", "'yes/1.png': used as a file and as a folder"),
        ("yes/1.png/", "'yes/1.png': used as a file and as a folder"),
        ("yes/" + "n" * 300 + ".png", "cannot be unpacked .File name too long"),
    ],
)
def test_a_name_that_is_refused(refused, name, message):
    refused(zip_of(GOOD | {name: b"x"}), message)


def test_a_name_with_a_nul_is_refused(refused):
    refused(zip_of([*GOOD.items(), (raw("yes/3.png\0.exe"), b"x")]), r"'yes/3.png\\x00.exe': control characters")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_the_very_same_name_are_refused(refused):
    refused(zip_of([*GOOD.items(), ("yes/1.png", b"another")]), "two members of one name: 'yes/1.png' and 'yes/1.png'")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (stat.S_IFLNK, "'yes/3.png': a symbolic link"),
        (stat.S_IFIFO, "'yes/3.png': a special file"),
        (stat.S_IFCHR, "'yes/3.png': a special file"),
        (stat.S_IFBLK, "'yes/3.png': a special file"),
        (stat.S_IFSOCK, "'yes/3.png': a special file"),
    ],
)
def test_links_and_special_files_are_refused(refused, kind, message):
    refused(zip_of([*GOOD.items(), (special("yes/3.png", kind), "/etc/passwd")]), message)


def test_an_archive_that_is_named_as_a_picture_is_refused(refused):
    refused(zip_of(GOOD | {"yes/3.png": zip_of(GOOD)}), "'yes/3.png': an archive in the archive, named as a picture")


@pytest.mark.parametrize("data", [b"", b"not a zip", PICTURE * 1000, zip_of(GOOD)[:-30]])
def test_no_zip_is_refused(refused, data):
    refused(data, "expected a zip file. Received: another kind of file or a damaged one")


def test_a_missing_file_is_refused(into, tmp_path):
    with pytest.raises(DatasetError, match="missing.zip cannot be opened .No such file"):
        extract(tmp_path / "missing.zip", into)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_is_found_and_the_member_named(refused, method):
    content = np.random.default_rng(0).bytes(5000)
    data = bytearray(zip_of(GOOD | {"yes/3.png": content}, method))
    middle = data.index(b"yes/3.png") + 2500
    data[middle : middle + 40] = bytes(40)
    refused(bytes(data), "'yes/3.png': damaged")


def test_encrypted_members_are_refused(refused):
    refused(with_field(zip_of(GOOD), FLAGS, 1), "'yes/1.png': encrypted; expected an archive without a password")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bounds_are_refused(refused, method):
    refused(zip_of(GOOD, method), f"'yes/1.png': packed by method {method}")


def test_an_unknown_method_is_refused(refused):
    refused(with_field(zip_of(GOOD), METHOD, 97), "'yes/1.png': packed by method 97")


def test_too_many_members_are_refused(refused):
    refused(zip_of(GOOD | {"a.txt": b""}), "3 members; archives of up to 2 are read", limits=Limits(members=2))


def test_a_huge_directory_is_refused_before_it_is_read(refused, monkeypatch):
    monkeypatch.setattr("brain_core.scans.zip_checks.CHUNK", 1000)
    many = {f"yes/{number:0200}.png": b"" for number in range(50)}
    refused(zip_of(many), "its directory takes 0 MB; it lists too many members", limits=Limits(members=2))


def test_a_bomb_of_zeros_is_refused(refused):
    refused(
        zip_of(GOOD | {"yes/3.png": bytes(30_000_000)}), "'yes/3.png': unpacks to more than 200 times its packed size"
    )


def test_a_small_member_may_be_packed_as_well_as_it_can(into):
    extract(io.BytesIO(zip_of(GOOD | {"yes/3.png": bytes(1_000_000)})), into)
    assert (into / "yes" / "3.png").stat().st_size == 1_000_000


def test_more_than_the_limit_is_refused_by_the_headers(refused, monkeypatch):
    monkeypatch.setattr(module, "_becoming", None)  # before anything is written
    message = "'yes/3.png': unpacks to more than the 1 MB that are read"
    refused(zip_of(GOOD | {"yes/3.png": bytes(900_000)}), message, limits=Limits(unpacked=800_000))


def test_more_than_the_limit_is_refused_while_unpacking(refused, monkeypatch):
    """As if the headers had promised little: all members together count."""
    monkeypatch.setattr(module, "_check_sizes", lambda *_: None)
    members = {f"yes/{number}.png": bytes(400_000) for number in range(3)}
    refused(zip_of(members), "'yes/2.png': unpacks to more than the 1 MB", limits=Limits(unpacked=1_000_000))


@pytest.mark.parametrize("promised", [10, 5_000])
def test_a_header_that_lies_about_the_size_is_found(refused, promised):
    lying = with_field(zip_of({"yes/3.png": np.random.default_rng(0).bytes(3000)} | GOOD), UNPACKED, promised)
    refused(lying, "'yes/3.png': damaged")


def test_a_bomb_with_a_header_that_promises_little_is_refused(refused):
    refused(with_field(zip_of({"yes/3.png": bytes(30_000_000)} | GOOD), UNPACKED, 100), "'yes/3.png': damaged")


def test_members_that_share_their_bytes_are_refused(refused):
    refused(with_field(zip_of(GOOD), PACKED, 1_000_000), "damaged: 1000020 packed bytes of members in 117 bytes")


def test_too_little_room_is_told_beforehand(refused, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    refused(zip_of(GOOD), "The disk is full: the archive unpacks to 0 MB, and 0 MB are free")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_is_told(refused, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "replace", full)
    refused(zip_of(GOOD), "The disk is full: the archive was not unpacked")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, r"expected pictures \(.jpg, .*Received: no files"),
        ({"yes/1.dcm": b"", "a.txt": b""}, "Received: 2 other files, such as 'yes/1.dcm'"),
        ({"images/1.png": b"", "masks/1.png": b""}, r"^Archive: expected one sub-folder a class .*: images, masks"),
        ({"1.png": b""}, "expected one sub-folder a class .*Received: 1.png"),
    ],
)
def test_an_archive_without_class_folders_is_refused(refused, members, message):
    refused(zip_of(members), message)


def test_stopping_leaves_nothing(into):
    def stop(done, total):
        if done == 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        extract(io.BytesIO(zip_of(GOOD | {"yes/3.png": PICTURE})), into, progress=stop)
    assert list(into.parent.iterdir()) == []


def test_thousands_of_files_are_not_held_in_memory(into, tmp_path):
    """3,000 pictures of 60 MB together take no more than 3,000 of almost nothing: the list of their names."""

    def peak(size: int) -> int:
        path, rng = tmp_path / f"{size}.zip", np.random.default_rng(0)
        with zipfile.ZipFile(path, "w") as written:
            for number in range(3000):
                written.writestr(f"{'yes' if number % 2 else 'no'}/{number}.png", rng.bytes(size))
        tracemalloc.start()
        try:
            extract(path, into.with_name(str(size)))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is imported and cached at first is in no comparison
    assert peak(20_000) < peak(100) + 2_000_000  # bytes
    assert len(list_items(into.with_name("20000"))) == 3000


def test_a_large_member_is_not_held_in_memory(into, tmp_path):
    path = tmp_path / "large.zip"
    path.write_bytes(zip_of(GOOD | {"yes/3.png": np.random.default_rng(0).bytes(40_000_000)}, zipfile.ZIP_STORED))
    tracemalloc.start()
    try:
        extract(path, into)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (into / "yes" / "3.png").stat().st_size == 40_000_000
    assert peak < 8_000_000  # bytes
