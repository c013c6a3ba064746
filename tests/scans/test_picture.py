"""A picture out of wherever it lies."""

import io

import numpy as np
import pytest

from brain_core.errors import ScanError
from brain_core.scans import archives, read_bytes
from brain_core.scans.picture import content, read_source
from brain_core.scans.source_file import SourceFile
from tests.scans.zip_files import zip_bytes, zip_file


@pytest.fixture
def png(encode) -> bytes:
    return encode(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64))


def test_it_is_the_same_from_memory_disk_and_archive(png, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    (member,) = archives.listing(zip_file({"in/a.png": png})).files
    for file in (SourceFile.of_bytes(png, "a.png"), SourceFile.of_path(path), member):
        found, expected = read_source(file), read_bytes(png, "a.png")
        assert (found.name, found.sha256) == (expected.name, expected.sha256)
        np.testing.assert_array_equal(found.pixels, expected.pixels)


def test_a_large_one_is_refused_unopened(set_environment):
    set_environment(BRAIN_MAX_FILE_MEGABYTES=1)
    file = SourceFile("a.png", 1_600_000, lambda: pytest.fail("opened"))
    with pytest.raises(ScanError, match=r"a\.png: 2 MB; files of up to 1 MB are read"):
        content(file)


def test_of_one_that_is_larger_than_it_says_no_more_is_taken(set_environment):
    set_environment(BRAIN_MAX_FILE_MEGABYTES=1)
    file = SourceFile("a.png", 10, lambda: io.BytesIO(bytes(3_000_000)))
    assert len(content(file)) == 1_000_001
    with pytest.raises(ScanError, match="files of up to 1 MB are read"):
        read_source(file)


def test_a_damaged_member_is_named(png):
    data = bytearray(zip_bytes({"a.png": png}, method=0))
    data[data.index(b"IHDR") + 9] ^= 1
    (member,) = archives.listing(SourceFile.of_bytes(bytes(data), "study.zip")).files
    with pytest.raises(ScanError, match=r"a\.png: cannot be read; the file or its archive is damaged\."):
        read_source(member)
