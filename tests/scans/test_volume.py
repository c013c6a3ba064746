import numpy as np
import pytest

from brain_core.errors import ScanError
from brain_core.scans import collect, nifti
from brain_core.scans.source_file import SourceFile
from brain_core.scans.volume import other_planes, reason_against
from tests.scans.dicom_files import dicom_bytes
from tests.scans.nifti_files import nifti_file

SHAPE = (18, 20, 24)  # to the right, to the front, to the head
VOXELS = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)


def series_with(spacing, array=VOXELS):
    return nifti.read_series(nifti_file(array, np.diag([*spacing, 1.0])))[0]


def test_isotropic_volumes_show_the_same_as_if_they_were_acquired_so():
    """NIfTI with a coarser axis is cut along it: the two ways must meet."""
    coronal, sagittal = sorted(other_planes(series_with((2, 2, 2))), key=lambda s: s.plane)
    assert [len(coronal), len(sagittal)] == [20, 18]
    for series, spacing in ((coronal, (2, 3, 2)), (sagittal, (3, 2, 2))):
        acquired = series_with(spacing)
        assert series.plane == acquired.plane
        for index in (0, 5, 17):
            np.testing.assert_array_equal(series.frame(index).values, acquired.frame(index).values)


@pytest.mark.parametrize("spacing", [(1, 1, 2), (1, 2, 1), (2, 1, 1), (1, 1, 1)])
def test_affines_lead_to_the_same_places(spacing):
    array = np.zeros((40, 44, 48), np.float32)
    array[20:24, 10:14, 30:34] = 100
    series = nifti.read_series(nifti_file(array, np.diag([*spacing, 1.0])))[0]
    centre = np.array([21.5 * spacing[0] * -1, 11.5 * spacing[1] * -1, 31.5 * spacing[2]])
    for each in (series, *other_planes(series)):
        volume = np.stack([each.frame(i).values for i in range(len(each))], axis=-1)
        row, column, index = np.argwhere(volume > 50).mean(axis=0)
        np.testing.assert_allclose((each.affine @ [column, row, index, 1])[:3], centre, atol=0.05)
        assert each.slices[0].spacing == pytest.approx((min(each.slices[0].spacing),) * 2)


def test_pixels_are_squares_and_the_size_is_that_of_the_volume():
    planes = {each.plane: each for each in other_planes(series_with((1, 1, 2)))}
    assert {name: (each.slices[0].height, each.slices[0].width, each.gap) for name, each in planes.items()} == {
        "coronal": (48, 18, 1.0),
        "sagittal": (48, 20, 1.0),
    }
    for each in planes.values():
        scan = each.scan(3)
        assert scan.pixels.shape == (48, each.slices[0].width) and scan.spacing == (1, 1)
        assert each.frame(3).values.shape == scan.pixels.shape


def test_the_window_stays_that_of_the_series():
    series = series_with((2, 2, 2))
    assert {each.window() for each in other_planes(series)} == {series.window()}


def test_keys_are_those_of_no_other_slices():
    series = series_with((2, 2, 2))
    keys = [s.key for each in (series, *other_planes(series)) for s in each.slices]
    assert len({*keys}) == len(keys) == sum(SHAPE)
    again = other_planes(series_with((2, 2, 2)))
    assert [each.key for each in again] == [each.key for each in other_planes(series)]


def test_padding_goes_along():
    array = np.random.default_rng(0).random((20, 20, 20)).astype(np.float32) + 1
    array[:, :, 10] = np.nan
    for each in other_planes(series_with((1, 1, 1), array)):
        assert each.frame(4).padding.sum() == 20 and each.frame(4).padding[9].all()
        assert not each.scan(4).pixels[9].any()


def test_slices_that_cannot_be_read_are_black():
    files = [
        SourceFile.of_bytes(
            dicom_bytes(
                np.full((32, 32), 500, np.uint16),
                ImagePositionPatient=[0, 0, i],
                PixelSpacing=[1, 1],
                SOPInstanceUID=f"1.2.{i + 1}",
            ),
            f"{i}.dcm",
        )
        for i in range(20)
    ]
    broken = {"on": False}
    data = files[7].open

    def maybe():
        if broken["on"]:
            raise OSError
        return data()

    files[7] = SourceFile("7.dcm", files[7].size, maybe)
    ((study),) = collect(files).studies
    planes = other_planes(study.series[0])
    broken["on"] = True
    frame = planes[0].frame(3)
    assert frame.notes == ("1 slice could not be read; it is black.",)
    assert frame.padding[12].all() and frame.padding.sum() == 32


@pytest.mark.parametrize(
    ("spacing", "shape", "match"),
    [
        (
            (1, 1, 5),
            SHAPE,
            "slices at most 2.5 times as far apart as pixels. Received: slices 5 mm apart, pixels of 1 mm",
        ),
        ((2, 2, 2.5), (18, 20, 8), "at least 16 slices. Received: 8"),
        ((1, 1, 1.2), (18, 20, 1), "evenly spaced slices of one size"),
    ],
)
def test_what_is_no_volume(spacing, shape, match):
    series = series_with(spacing, np.zeros(shape, np.int16))
    assert match in reason_against(series)
    with pytest.raises(ScanError, match=match):
        other_planes(series)


def test_what_does_not_fit_into_memory(monkeypatch):
    monkeypatch.setattr("brain_core.scans.volume.MOST_MEMORY", 1000)
    assert "the whole volume in memory" in reason_against(series_with((2, 2, 2)))


def test_colours_have_no_other_planes():
    array = np.zeros((18, 20, 24, 3), np.uint8).view([("R", "u1"), ("G", "u1"), ("B", "u1")]).reshape(SHAPE)
    with pytest.raises(ScanError, match="these are coloured"):
        other_planes(series_with((2, 2, 2), array))[0].frame(0)
