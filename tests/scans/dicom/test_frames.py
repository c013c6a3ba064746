"""Files of several frames, and series of several files."""

import io
import struct

import numpy as np
import pytest
from pydicom import Dataset, uid

from brain_core.errors import ScanError
from brain_core.scans.dicom import decode, read_header
from brain_core.scans.source_file import SourceFile
from brain_core.scans.window import Window
from brain_core.settings import Settings
from tests.scans.dicom.steps import source
from tests.scans.dicom_files import dicom_bytes, enhanced, head_volume, series_datasets, to_bytes, write_series


def test_frames_of_a_plain_multi_frame_file_are_numbered_and_have_no_position():
    volume = head_volume(4, size=64)
    data = dicom_bytes(volume, NumberOfFrames=4, SOPClassUID=uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage)
    instance = read_header(source(data))
    assert [frame.number for frame in instance.frames] == [1, 2, 3, 4]
    assert {frame.position for frame in instance.frames} == {None}
    for i in range(4):
        np.testing.assert_array_equal(instance.read(i + 1).values, volume[i])
    for number in (0, 5):
        with pytest.raises(ScanError, match=f"expected a frame from 1 to 4. Received: {number}"):
            instance.read(number)


def test_an_enhanced_file_has_its_geometry_and_display_a_frame():
    volume = head_volume(5, size=64)
    values = {"RescaleSlope": 2, "RescaleIntercept": 1, "RescaleType": "US"}
    instance = read_header(source(to_bytes(enhanced(volume, pixel_values=values))))
    assert [frame.position for frame in instance.frames] == [(-48, -48, 5.0 * i) for i in range(5)]
    assert {frame.orientation for frame in instance.frames} == {(1, 0, 0, 0, 1, 0)}
    assert {frame.spacing for frame in instance.frames} == {(1.5, 1.5)}
    assert (instance.slice_thickness, instance.slice_spacing) == (5, 5)
    for i in range(5):
        frame = instance.read(i + 1)
        np.testing.assert_array_equal(frame.values, volume[i] * 2.0 + 1)
        assert frame.windows == (Window(600 + i, 1200),)


def test_an_enhanced_file_tells_what_separates_its_stacks():
    ds = enhanced(head_volume(2, size=64))
    for i, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        echo, diffusion, kind = Dataset(), Dataset(), Dataset()
        echo.EffectiveEchoTime, diffusion.DiffusionBValue = 10.0 + i, 1000.0 * i
        kind.FrameType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]
        frame.MREchoSequence, frame.MRDiffusionSequence = [echo], [diffusion]
        frame.MRImageFrameTypeSequence = [kind]
        frame.FrameContentSequence[0].TemporalPositionIndex = i + 1
    first, second = read_header(source(to_bytes(ds))).frames
    assert (first.echo_time, first.b_value, first.temporal_position, first.stack_id) == (10, 0, 1, "1")
    assert (second.echo_time, second.b_value, second.temporal_position) == (11, 1000, 2)
    assert first.image_type == ("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE")


def test_one_frame_of_a_large_file_on_disk_is_read_in_little_memory(tmp_path):
    import tracemalloc

    path, frames, side = tmp_path / "large.dcm", 300, 512
    small = dicom_bytes(np.zeros((1, side, side), np.uint16), NumberOfFrames=1)
    many = small.replace(b"IS\x02\x001 ", b"IS\x04\x00300 ")
    size = frames * side * side * 2
    at = many.index(b"\xe0\x7f\x10\x00OW\0\0") + 8
    with path.open("wb") as file:
        file.write(many[:at] + struct.pack("<L", size))
        file.truncate(at + 4 + size - 2)
        file.seek(0, io.SEEK_END)
        file.write(b"\x07\x00")
    assert path.stat().st_size > Settings.max_file_megabytes * 1e6
    tracemalloc.start()
    frame = decode(SourceFile.of_path(path), frames)
    assert tracemalloc.get_traced_memory()[1] < 12e6  # the frame and its float copy take 1.5 MB
    tracemalloc.stop()
    assert frame.values[-1, -1] == 7


def test_a_series_is_written_and_read_in_space(tmp_path):
    paths = write_series(tmp_path / "s", 5, size=64)
    instances = [read_header(SourceFile.of_path(path)) for path in paths]
    assert [i.frames[0].position[2] for i in instances] == [-10, -5, 0, 5, 10]
    assert len({(i.study_uid, i.series_uid, i.frame_of_reference_uid) for i in instances}) == 1
    assert len({i.sop_instance_uid for i in instances}) == 5
    first = instances[0]
    assert (first.modality, first.series_description, first.series_number) == ("MR", "T1 axial", 3)
    assert (first.rows, first.columns, first.photometric) == (64, 64, "MONOCHROME2")
    assert first.image_type == ("ORIGINAL", "PRIMARY", "M", "SE")
    assert (first.frames[0].echo_time, first.slice_thickness) == (15, 5)


def test_the_phantom_series_has_blank_ends_and_a_lesion_in_its_middle():
    with_lesion, without = (
        np.array([ds.pixel_array for ds in series_datasets(9, size=64, lesion=lesion)])
        for lesion in (series_datasets.__kwdefaults__["lesion"], None)
    )
    assert [with_lesion[i].max() < 300 for i in range(9)] == [True] + [False] * 7 + [True]
    changed = [not np.array_equal(a, b) for a, b in zip(with_lesion, without, strict=True)]
    assert changed == [False] * 3 + [True] * 3 + [False] * 3
