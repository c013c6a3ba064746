import gzip
import itertools
import tempfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import nibabel
import numpy as np
import pytest
from nibabel.orientations import inv_ornt_aff

from brain_core.errors import ScanError
from brain_core.scans import nifti, stored_bytes
from brain_core.scans.archives import listing
from brain_core.scans.source_file import SourceFile
from tests.scans.nifti_files import nifti_bytes, nifti_file
from tests.scans.zip_files import zip_file

SHAPE = (18, 20, 22)  # right to left, back to front, feet to head: no two alike
EVERY_ORIENTATION = [
    np.array(list(zip(axes, flips, strict=True)))
    for axes in itertools.permutations(range(3))
    for flips in itertools.product((1, -1), repeat=3)
]


def canonical(spacing=(2.0, 2.0, 2.0)) -> nibabel.Nifti1Image:
    """Distinct voxels in RAS+ order."""
    array = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    return nibabel.Nifti1Image(array, nibabel.affines.from_matvec(np.diag(spacing), (-17, -30, 5)))


def stored_as(image: nibabel.Nifti1Image, ornt: np.ndarray, **options) -> SourceFile:
    """The same head with its voxels in another order."""
    array = nibabel.apply_orientation(image.get_fdata(), ornt).astype(np.int16)
    return nifti_file(array, image.affine @ inv_ornt_aff(ornt, image.shape), **options)


def only(file: SourceFile):
    (series,) = nifti.read_series(file)
    return series


def refused(file: SourceFile, match: str) -> None:
    with pytest.raises(ScanError, match=match):
        nifti.read_series(file)


# What a radiologist sees: row and column of the picture -> the voxel of the canonical image, by hand.
PICTURES = {
    "axial": (2, lambda a, k: a[::-1, ::-1, k].T),  # front up, the patient's right on the left; feet to head
    "coronal": (1, lambda a, k: a[::-1, k, ::-1].T),  # head up, the patient's right on the left; back to front
    "sagittal": (0, lambda a, k: a[-1 - k, ::-1, ::-1].T),  # head up, face on the left; right to left
}


@pytest.mark.parametrize("ornt", EVERY_ORIENTATION, ids=lambda ornt: str(ornt.tolist()))
@pytest.mark.parametrize("plane", PICTURES)
def test_every_order_of_voxels_shows_the_same_pictures(plane, ornt):
    axis, picture = PICTURES[plane]
    spacing = [2.0, 2.0, 2.0]
    if plane != "axial":  # which is the plane of isotropic volumes
        spacing[axis] = 3.0
    image = canonical(spacing)
    series = only(stored_as(image, ornt))
    assert (series.plane, len(series)) == (plane, SHAPE[axis])
    for index in (0, 7, len(series) - 1):
        np.testing.assert_array_equal(series.frame(index).values, picture(image.get_fdata(), index))
    assert series.gap == pytest.approx(spacing[axis])


@pytest.mark.parametrize("ornt", EVERY_ORIENTATION[::7])
def test_the_affine_leads_every_pixel_to_its_place(ornt):
    image = canonical((1.0, 2.0, 3.0))
    series = only(stored_as(image, ornt))
    for column, row, index in [(0, 0, 0), (5, 3, 2), (17, 19, 21)]:
        voxel = np.argwhere(image.get_fdata() == series.frame(index).values[row, column])[0]
        ras = nibabel.affines.apply_affine(image.affine, voxel)
        place = nibabel.affines.apply_affine(series.affine, [column, row, index])
        np.testing.assert_allclose(place, ras * [-1, -1, 1], atol=1e-4)
        assert series.slices[index].position == pytest.approx(ras[2], abs=1e-4)


def test_a_head_tilted_by_20_degrees_is_axial_still():
    turn = np.radians(20)
    tilt = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    series = only(nifti_file(canonical().get_fdata().astype(np.int16), nibabel.affines.from_matvec(tilt * 2)))
    assert (series.plane, len(series)) == ("axial", SHAPE[2])


@pytest.mark.parametrize("name", ["head.nii", "head.nii.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_values_are_as_nibabel_reads_them(name, version, big_endian, dtype):
    array = (np.random.default_rng(0).random((16, 17, 3)) * 100).astype(dtype)
    data = nifti_bytes(array, version=version, big_endian=big_endian, scl_slope=0.5, scl_inter=-7)
    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    expected = kind.from_bytes(data).get_fdata()
    series = only(SourceFile.of_bytes(gzip.compress(data) if name.endswith(".gz") else data, name))
    for index in range(3):
        np.testing.assert_allclose(series.frame(index).values, expected[::-1, ::-1, index].T, rtol=1e-6)


def test_four_dimensions_are_a_series_a_volume():
    array = np.arange(16 * 16 * 4 * 3, dtype=np.int16).reshape(16, 16, 4, 3)
    series = nifti.read_series(nifti_file(array, np.diag([1, 1, 5, 1])))
    assert [s.description for s in series] == [f"head.nii, volume {i} of 3" for i in (1, 2, 3)]
    np.testing.assert_array_equal(series[2].frame(1).values, array[::-1, ::-1, 1, 2].T)
    assert len({s.key for s in series}) == 3 and len({x.key for s in series for x in s.slices}) == 12


def test_of_many_volumes_the_first_are_listed():
    series = nifti.read_series(nifti_file(np.zeros((16, 16, 2, 60), np.uint8)))
    assert len(series) == nifti.MOST_VOLUMES
    assert "The file holds 60 volumes; the first 24 are listed." in series[0].notes


@pytest.mark.parametrize("offset", [0, 100])
def test_an_offset_within_the_header_is_not_believed(offset):
    array = np.arange(16 * 16 * 3, dtype=np.int16).reshape(16, 16, 3)
    series = only(nifti_file(array, vox_offset=offset))
    np.testing.assert_array_equal(series.frame(1).values, array[::-1, ::-1, 1].T)


def test_colours():
    rgb = np.random.default_rng(1).integers(0, 256, (16, 18, 2, 3), np.uint8)
    array = rgb.copy().view([("R", "u1"), ("G", "u1"), ("B", "u1")]).reshape(16, 18, 2)
    scan = only(nifti_file(array)).scan(0)
    np.testing.assert_array_equal(scan.pixels, rgb[::-1, ::-1, 0].swapaxes(0, 1))


def test_what_is_no_number_is_black():
    array = np.random.default_rng(2).random((16, 16, 2)).astype(np.float32) + 5
    array[3, 4, 0], array[5, 6, 0], array[7, 8, 0] = np.nan, np.inf, -np.inf
    series = only(nifti_file(array))
    frame = series.frame(0)
    assert np.isfinite(frame.values).all() and frame.padding.sum() == 3
    assert frame.notes == ("3 pixels hold no number (NaN or infinity); they are black.",)
    assert series.scan(0).pixels[15 - 4, 15 - 3] == 0
    assert series.frame(1).padding is None


@pytest.mark.parametrize(("slope", "inter"), [(0, 3), (np.nan, 0), (2, np.nan), (np.inf, 1)])
def test_a_slope_that_is_none_is_not_used(slope, inter):
    array = np.full((16, 16, 1), 7, np.int16)
    values = only(nifti_file(array, scl_slope=slope, scl_inter=inter)).frame(0).values
    assert (values == (14 if slope == 2 else 7)).all()


def test_a_picture_is_a_series_of_one():
    series = only(nifti_file(np.ones((16, 20), np.int16)))
    assert len(series) == 1 and series.gap is None and series.affine is None


def test_a_single_coronal_slice_is_shown_as_one():
    series = only(nifti_file(np.ones((20, 1, 24), np.int16)))
    assert (series.plane, len(series), series.slices[0].height) == ("coronal", 1, 24)


def test_without_orientation_left_and_right_are_not_certain():
    series = only(nifti_file(np.ones((16, 16, 4), np.int16), sform_code=0, qform_code=0))
    assert series.plane is None and series.affine is None and series.slices[0].position is None
    assert "left and right are not certain" in series.notes[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0])
def test_an_affine_that_spans_no_space_counts_as_none(bad):
    series = only(nifti_file(np.ones((16, 16, 4), np.int16), srow_x=[bad, 0, 0, 0], qform_code=0))
    assert series.plane is None and series.slices[0].spacing == (1, 1)


@pytest.mark.parametrize(
    ("shape", "fields", "match"),
    [
        ((1, 1, 1), {}, "1 x 1 pixels; a scan needs at least 16 x 16"),
        ((16, 200, 2), {}, "16 x 200 pixels; a strip this long"),
        ((16, 16, 2), {"dim": [3, 20000, 20000, 20000, 1, 1, 1, 1]}, "claims 16000000 MB; volumes of up to 4000 MB"),
        ((16, 16, 2), {"dim": [3, 16, 16, 200, 1, 1, 1, 1]}, r"the file is truncated \(1376 of 102752 bytes\)"),
        ((16, 16, 2), {"dim": [3, 16, -16, 2, 1, 1, 1, 1]}, "claims 16 x -16 x 2 voxels"),
        ((16, 16, 2), {"dim": [3, 16, 0, 2, 1, 1, 1, 1]}, "there is nothing to read"),
        ((16, 16, 2), {"dim": [9, 16, 16, 2, 1, 1, 1, 1]}, "claims 9 dimensions"),
        ((16, 16, 2), {"datatype": 77}, "its datatype 77 is not one"),
        ((16, 16, 2), {"datatype": 1}, "its datatype 1 is not one"),
        ((16, 16, 2), {"datatype": 32}, "holds complex numbers"),
        ((16, 16, 2), {"intent_code": 3001}, "is CIFTI"),
        ((16, 16, 5000), {}, "claims 5000 slices; volumes of up to 4096"),
        ((16, 16, 2), {"magic": b"ni1"}, r"two files \(.hdr and .img\)"),
        ((16, 16, 2, 1, 3), {}, r"holds 3 values a voxel \(16 x 16 x 2 x 1 x 3\)"),
        ((16, 16, 2, 2, 3), {}, "has 5 dimensions"),
    ],
)
def test_what_is_refused(shape, fields, match):
    data = nifti_bytes(np.ones(shape, np.int16), **fields)
    refused(SourceFile.of_bytes(data, "a.nii"), f"^a.nii: .*{match}")


def test_other_files_are_refused():
    refused(SourceFile.of_bytes(b"hello" * 200, "a.nii"), "a.nii: not a NIfTI file")
    refused(SourceFile.of_bytes(nifti_bytes(np.ones((16, 16, 2), np.int16))[:347], "a.nii"), "a.nii: ")


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.99])
def test_truncated_compression_is_refused(keep):
    data = gzip.compress(nifti_bytes(np.random.default_rng(3).integers(0, 9999, (32, 32, 9), np.int16)))
    refused(SourceFile.of_bytes(data[: int(len(data) * keep)], "a.nii.gz"), r"a.nii.gz: .*(truncated|damaged)")


def test_damage_within_the_compression_is_told_of_the_slice():
    data = bytearray(gzip.compress(nifti_bytes(np.random.default_rng(3).integers(0, 9999, (32, 32, 9), np.int16))))
    data[len(data) // 2] ^= 0xFF
    series = only(SourceFile.of_bytes(bytes(data), "a.nii.gz"))
    with pytest.raises(ScanError, match="a.nii.gz: its compression .* damaged|a.nii.gz: the NIfTI file is damaged"):
        series.frame(0)


def test_two_members_of_gzip_are_read_as_one():
    data = nifti_bytes(np.full((16, 16, 40), 5, np.int16))
    series = only(SourceFile.of_bytes(gzip.compress(data[:9000]) + gzip.compress(data[9000:]), "a.nii.gz"))
    assert (series.frame(39).values == 5).all()


def test_damaged_headers_end_in_slices_or_in_an_error():
    good = nifti_bytes(np.ones((16, 16, 4), np.int16))
    rng = np.random.default_rng(5)
    outcomes = set()
    for _ in range(300):
        data = bytearray(good)
        for place in rng.integers(4, 348, 6):
            data[place] = rng.integers(0, 256)
        try:
            nifti.read_series(SourceFile.of_bytes(bytes(data), "a.nii"))[0].frame(0)
            outcomes.add("read")
        except ScanError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_two_gigabytes_on_disk_are_read_slice_by_slice(tmp_path, monkeypatch):
    path = tmp_path / "large.nii"
    header = nifti_bytes(np.ones((1, 1, 1), np.int16), np.diag([1, 1, 2, 1]), dim=[3, 1024, 1024, 1000, 1, 1, 1, 1])
    with path.open("wb") as file:
        file.write(header[:352])
        file.seek(352 + 1024 * 1024 * 2 * 700)
        file.write(np.full(1024 * 1024, 9, "<i2").tobytes())  # slice 700; the rest is a hole
        file.truncate(352 + 1024 * 1024 * 1000 * 2)
    monkeypatch.setattr(nifti, "digest", lambda file: "0" * 64)  # of 2 GB it takes seconds
    tracemalloc.start()
    try:
        series = only(SourceFile.of_path(path))
        assert (series.frame(700).values == 9).all() and not series.frame(699).values.any()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40e6


def test_nothing_stays_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    series = only(nifti_file(np.full((16, 16, 4), 3, np.int16), name="Anna^Phantom.nii.gz"))
    assert (series.frame(2).values == 3).all()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["head.nii", "head.nii.gz"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_volume_in_a_zip(name, method):
    array = np.random.default_rng(4).integers(0, 999, (16, 18, 5), np.int16)
    data = nifti_bytes(array)
    (file,) = listing(zip_file({name: gzip.compress(data) if name.endswith(".gz") else data}, method=method)).files
    np.testing.assert_array_equal(only(file).frame(3).values, array[::-1, ::-1, 3].T)


def test_slices_are_read_by_several_threads_at_once():
    array = np.random.default_rng(4).integers(0, 999, (64, 64, 40), np.int16)
    series = only(nifti_file(array, name="head.nii.gz"))
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(series.frame, range(40)))
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.values, array[::-1, ::-1, index].T)


def test_too_much_to_unpack_is_refused(monkeypatch):
    file = nifti_file(np.zeros((64, 64, 64), np.int16), name="a.nii.gz")
    series = only(file)
    stored = stored_bytes.StoredBytes(file, 100_000)
    with pytest.raises(ScanError, match="a.nii.gz: unpacks to more than the 0 MB"):
        stored.view()
    monkeypatch.setattr(stored_bytes, "TO_SPARE", 1 << 62)
    with pytest.raises(ScanError, match="a.nii.gz: no room on the disk"):
        series.frame(0)
