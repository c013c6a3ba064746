"""Damaged, truncated, lying and bottomless files are refused in words, in bounded time and memory."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid

from brain_core.errors import ScanError
from brain_core.scans.dicom import decode, digest, header_dataset, is_dicom, read_header, read_identity
from brain_core.scans.dicom import file as dicom_file
from brain_core.scans.dicom import layout as dicom_layout
from brain_core.scans.source_file import SourceFile
from brain_core.settings import Settings
from tests.scans.dicom.steps import deflated, ramp, refused, source
from tests.scans.dicom_files import dataset, dicom_bytes, enhanced, head_volume, to_bytes


def test_a_compressed_picture_of_another_size_than_the_header_is_refused_undecoded(pixels):
    ds = dataset(pixels)
    ds.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
    data = to_bytes(ds)
    at = data.index(b"\xff\x4f\xff\x51") + 8
    bomb = data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]
    assert "the compressed picture is of 60000 x 60000 pixels, the header says 128 x 128" in refused(bomb)


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_a_compressed_picture_without_its_end_is_refused(pixels, syntax):
    ds = dataset(pixels)
    ds.compress(syntax, generate_instance_uid=False)
    ds.PixelData = ds.PixelData.replace(b"\xff\xd9", b"\xff\xff")
    assert "the compressed picture has no end; the file is truncated" in refused(to_bytes(ds))


def test_a_wrong_transfer_syntax_is_refused(pixels):
    data = dicom_bytes(pixels).replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x001.2.840.10008.1.2.4.90")
    assert "compressed pixels without fragments; its transfer syntax may be wrong" in refused(data)


def test_fewer_fragments_than_frames_are_refused(pixels):
    ds = dataset(pixels)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    ds.NumberOfFrames = 3
    assert "claims 3 frames, but its pixels suffice for 1" in refused(to_bytes(ds))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.dcm: the file is empty"),
        (b"Dear doctor, the scan is attached.\n" * 20, "a.dcm: not a DICOM file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "a.dcm: not a DICOM file"),
        (b"\0" * 128 + b"DICM", "a.dcm: "),
        (b"\x08\x00\x05\x00CS\x0a\x00ISO", "a.dcm: "),
    ],
)
def test_what_is_no_dicom_is_refused(data, message):
    assert refused(data).startswith(message)


def test_is_dicom_looks_at_the_start_only(pixels):
    assert is_dicom(source(dicom_bytes(pixels)))
    assert not is_dicom(source(b"\xff\xd8\xff\xe0" + b"\0" * 200))
    assert not is_dicom(SourceFile("gone", 10, Path("/no/such/file").open))


def test_files_that_cannot_be_opened_are_refused(tmp_path):
    def damaged() -> io.BytesIO:
        raise zipfile.BadZipFile("Bad CRC-32")

    missing = tmp_path / "missing.dcm"
    for opener in (damaged, lambda: missing.open("rb")):
        file = SourceFile("a.dcm", 10, opener)
        for function in (read_header, decode, read_identity, header_dataset):
            with pytest.raises(ScanError, match="a.dcm: the file cannot be opened"):
                function(file)
        with pytest.raises(ScanError, match="a.dcm: the file cannot be read"):
            digest(file)


def test_a_folder_in_the_name_is_not_repeated():
    assert refused(b"") == refused(b"")
    with pytest.raises(ScanError, match=r"^a\.dcm: the file is empty"):
        decode(source(b"", "/home/someone/a.dcm"))


def test_large_files_are_refused_unread(monkeypatch):
    file = SourceFile("a.dcm", 3_000_000_000, lambda: pytest.fail("opened"))
    with pytest.raises(ScanError, match="a.dcm: 3000 MB; up to 100 MB are read"):
        decode(file)
    monkeypatch.setattr(dicom_file, "settings", lambda: Settings(max_file_megabytes=1))
    lying = SourceFile("a.dcm", 10, lambda: io.BytesIO(b"\0" * 2_000_000))
    with pytest.raises(ScanError, match="holds more than the 1 MB that are read"):
        decode(lying)


def test_a_deflated_bomb_is_refused_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(dicom_file, "settings", lambda: Settings(max_file_megabytes=1))
    data = deflated(dicom_bytes(np.zeros((1500, 1500), np.uint16)))
    assert len(data) < 20_000
    assert "unpacks to more than the 1 MB that are read" in refused(data)


def nested(depth: int) -> bytes:
    """Private sequences within each other, of undefined length."""
    start = b"\x09\x00\x10\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    stop = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return start * depth + stop * depth


def test_sequences_without_end_are_refused_in_bounded_time(monkeypatch):
    data = dicom_bytes(ramp())
    at = data.index(b"\x10\x00\x10\x00PN")
    assert "the DICOM header is damaged" in refused(data[:at] + nested(5000) + data[at:])
    monkeypatch.setattr(dicom_file, "MOST_READS", 2000)
    items = b"\x09\x00\x10\x10SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\0\0\0\0" * 3000
    bomb = data[:at] + items + b"\xfe\xff\xdd\xe0\0\0\0\0" + data[at:]
    assert "its header is larger than any that is read here" in refused(bomb)


def test_more_items_than_memory_should_hold_are_left_alone(monkeypatch):
    monkeypatch.setattr("brain_core.scans.dicom.values.MOST_ITEMS", 3)
    instance = read_header(source(to_bytes(enhanced(head_volume(5, size=64)))))
    assert {frame.position for frame in instance.frames} == {None}


def test_a_file_of_too_many_frames_is_refused(monkeypatch):
    monkeypatch.setattr(dicom_layout, "MOST_FRAMES", 2)
    data = dicom_bytes(head_volume(3, size=64), NumberOfFrames=3)
    assert "claims 3 frames; files of up to 2 are read" in refused(data)
