import itertools
import random

import numpy as np
import pytest

from brain_core.scans import collect
from brain_core.scans.series import DERIVED, IMAGE, LOCALIZER
from brain_core.scans.source_file import SourceFile
from tests.scans.dicom_files import GAP, SPACING, dataset, enhanced, head_volume, series_datasets, to_bytes

SIZE = 64
AXIAL, CORONAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]


def files(datasets) -> list[SourceFile]:
    return [SourceFile.of_bytes(to_bytes(ds), f"{i}.dcm") for i, ds in enumerate(datasets)]


def series_of(datasets):
    collection = collect(files(datasets))
    assert not collection.refused, collection.refused
    return [series for study in collection.studies for series in study.series]


def only(datasets):
    (series,) = series_of(datasets)
    return series


def slices(n: int, *, step=(0.0, 0.0, GAP), start=(0.0, 0.0, 0.0), orientation=None, first: int = 1, **attributes):
    """Slices whose pixels all hold their own number, from ``first``."""
    found = []
    for i in range(n):
        pixels = np.full((SIZE, SIZE), first + i, np.uint16)
        pixels[0, 0] = 0
        place = [float(a + i * b) for a, b in zip(start, step, strict=True)]
        found.append(
            dataset(
                pixels,
                **{
                    "ImageOrientationPatient": orientation or AXIAL,
                    "ImagePositionPatient": place,
                    "InstanceNumber": first + i,
                    "SOPInstanceUID": f"1.2.3.{first + i}.{sum(map(len, map(str, attributes.values())))}",
                }
                | attributes,
            )
        )
    return found


def order(series) -> list[int]:
    """The numbers that the slices were filled with."""
    return [int(series.frame(i).values[-1, -1]) for i in range(len(series))]


def test_slices_are_sorted_by_their_place_not_by_name_or_number():
    datasets = slices(9)
    for ds, number in zip(datasets, [4, 9, 1, 8, 2, 7, 3, 6, 5], strict=True):
        ds.InstanceNumber = number
    random.Random(0).shuffle(datasets)
    series = only(datasets)
    assert order(series) == list(range(1, 10))
    assert [s.position for s in series.slices] == [GAP * i for i in range(9)]
    assert (series.gap, series.plane, series.role, series.notes) == (GAP, "axial", IMAGE, ())


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize(
    ("plane", "orientation", "step"),
    [
        ("axial", AXIAL, (0, 0, 4.0)),  # feet to head
        ("axial", [-1, 0, 0, 0, 1, 0], (0, 0, 4.0)),  # a normal that points to the feet
        ("coronal", CORONAL, (0, -4.0, 0)),  # back to front
        ("coronal", [-1, 0, 0, 0, 0, -1], (0, -4.0, 0)),
        ("sagittal", SAGITTAL, (4.0, 0, 0)),  # right to left
        ("sagittal", [0, -1, 0, 0, 0, -1], (4.0, 0, 0)),
        ("oblique", [1, 0, 0, 0, 0.7071068, 0.7071068], (0, -2.8284, 2.8284)),
    ],
)
def test_direction(plane, orientation, step, sense):
    series = only(slices(5, step=tuple(sense * x for x in step), orientation=orientation))
    assert series.plane == plane
    expected = [1, 2, 3, 4, 5]
    if plane != "oblique":
        assert order(series) == expected[::sense]
    assert series.gap == pytest.approx(4, abs=1e-3)
    assert np.diff([s.position for s in series.slices]).min() > 0


def test_the_affine_is_that_of_the_standard():
    """PS3.3 C.7.6.2.1.1: the place of pixel (column, row) of each slice."""
    datasets = slices(4, step=(0, -0.5, 3.0), start=(-20, -30, 40), PixelSpacing=[1.5, 0.75], Rows=SIZE)
    series = only(datasets)
    for index, ds in enumerate(datasets):
        origin = np.array(ds.ImagePositionPatient)
        expected = origin + 10 * 0.75 * np.array([1, 0, 0]) + 7 * 1.5 * np.array([0, 1, 0])
        np.testing.assert_allclose((series.affine @ [10, 7, index, 1])[:3], expected, atol=1e-6)


def test_three_planes_of_a_scout_are_a_localizer():
    datasets = [
        *slices(3, orientation=AXIAL),
        *slices(3, orientation=CORONAL, step=(0, -GAP, 0), first=11),
        *slices(3, orientation=SAGITTAL, step=(GAP, 0, 0), first=21),
    ]
    found = series_of(datasets)
    assert {s.plane: order(s) for s in found} == {
        "axial": [1, 2, 3],
        "coronal": [11, 12, 13],
        "sagittal": [21, 22, 23],
    }
    assert {s.role for s in found} == {LOCALIZER}
    assert {s.description for s in found} == {f"T1 axial, {plane}" for plane in ("axial", "coronal", "sagittal")}
    assert "The series holds 3 stacks of slices, which are listed one by one." in found[0].notes


def test_projections_from_all_sides_are_derived():
    kind = {"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]}
    turned = [[np.cos(a), np.sin(a), 0, 0, 0, -1] for a in np.radians([-10, 0, 10])]
    datasets = [ds for i, cosines in enumerate(turned) for ds in slices(1, orientation=cosines, first=i + 1, **kind)]
    found = series_of(datasets)
    assert [(s.description, s.role) for s in found] == [(f"T1 axial, coronal {i}", DERIVED) for i in (1, 2, 3)]


def test_two_long_stacks_of_other_directions_are_images():
    datasets = [*slices(20), *slices(20, orientation=CORONAL, step=(0, -GAP, 0), first=31)]
    assert [(s.plane, len(s), s.role) for s in series_of(datasets)] == [("axial", 20, IMAGE), ("coronal", 20, IMAGE)]


@pytest.mark.parametrize(
    ("attributes", "role"),
    [
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, LOCALIZER),
        ({"SeriesDescription": "3-plane LOC"}, LOCALIZER),
        ({"SeriesDescription": "localizer_fast"}, LOCALIZER),
        ({"SeriesDescription": "Survey"}, LOCALIZER),
        ({"SeriesDescription": "T/S/C FAST PILOT"}, LOCALIZER),
        ({"SeriesDescription": "AAHead_Scout_MPR"}, LOCALIZER),
        ({"SeriesDescription": "T1 local anaesthesia, block"}, IMAGE),
        ({"ImageType": ["DERIVED", "SECONDARY", "ADC"]}, DERIVED),
        ({"ImageType": ["DERIVED", "PRIMARY", "MPR"]}, DERIVED),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, DERIVED),
        ({"ImageType": None}, IMAGE),
    ],
)
def test_roles(attributes, role):
    assert only(slices(4, **attributes)).role == role


@pytest.mark.parametrize(
    ("keyword", "values", "words"),
    [
        ("EchoTime", (10, 80), ("echo time 10 ms", "echo time 80 ms")),
        ("DiffusionBValue", (0.0, 1000.0), ("b = 0 s/mm2", "b = 1000 s/mm2")),
        ("TemporalPositionIdentifier", (1, 2), ("time point 1", "time point 2")),
        ("ImageType", (["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]), ("M", "P")),
        ("AcquisitionNumber", (1, 2), ("acquisition 1", "acquisition 2")),
    ],
)
def test_what_lies_at_the_same_place_is_told_apart(keyword, values, words):
    datasets = list(
        itertools.chain(
            *zip(slices(4, **{keyword: values[0]}), slices(4, first=11, **{keyword: values[1]}), strict=True)
        )
    )
    found = series_of(datasets)
    assert [(s.description, order(s)) for s in found] == [
        (f"T1 axial, {words[0]}", [1, 2, 3, 4]),
        (f"T1 axial, {words[1]}", [11, 12, 13, 14]),
    ]
    assert found[0].key != found[1].key


def test_two_keys_at_once():
    datasets = []
    for i, (echo, time) in enumerate(itertools.product((10, 80), (1, 2))):
        datasets += slices(3, first=10 * i + 1, EchoTime=echo, TemporalPositionIdentifier=time)
    assert [s.description for s in series_of(datasets)] == [
        f"T1 axial, echo time {echo} ms, time point {time}" for echo in (10, 80) for time in (1, 2)
    ]


def test_echo_times_that_differ_from_slice_to_slice_split_nothing():
    datasets = slices(6)
    for i, ds in enumerate(datasets):
        ds.EchoTime = 10 + i
    assert len(only(datasets)) == 6


def test_a_value_that_goes_with_the_place_tells_nothing_apart():
    datasets = [*slices(6), *slices(6, first=11)]
    for i, ds in enumerate(datasets):
        ds.EchoTime = 10 + i % 2
    assert [order(s) for s in series_of(datasets)] == [[1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16]]


def test_what_nothing_tells_apart_becomes_repetitions():
    found = series_of([*slices(5), *slices(5, first=6)])
    assert [(s.description, order(s)) for s in found] == [
        ("T1 axial, repetition 1", [1, 2, 3, 4, 5]),
        ("T1 axial, repetition 2", [6, 7, 8, 9, 10]),
    ]


def test_one_slice_acquired_again_is_kept_apart():
    found = series_of([*slices(5), *slices(1, first=9, start=(0, 0, 2 * GAP))])
    assert [order(s) for s in found] == [[1, 2, 3, 4, 5], [9]]


def test_a_copy_of_a_file_is_dropped_and_counted():
    datasets = slices(4)
    series = only([*datasets, datasets[1], datasets[1], datasets[3]])
    assert order(series) == [1, 2, 3, 4]
    assert series.notes == ("3 files came more than once; one copy was kept.",)


def test_missing_slices_are_counted():
    datasets = slices(10)
    series = only([ds for i, ds in enumerate(datasets) if i not in (3, 6, 7)])
    assert series.notes == ("3 slices seem to be missing: gaps of up to 15.0 mm where 5.0 mm are usual.",)
    assert series.affine is None and series.gap == GAP
    assert only([ds for i, ds in enumerate(datasets) if i != 4]).notes[0].startswith("1 slice seems to be missing")


def test_slices_of_other_sizes_are_kept_and_told():
    datasets = slices(4)
    larger = dataset(np.ones((96, 128), np.uint16), ImagePositionPatient=[0, 0, 4 * GAP], SOPInstanceUID="1.2.3.99")
    series = only([*datasets, larger])
    assert [(s.height, s.width) for s in series.slices] == [(SIZE, SIZE)] * 4 + [(96, 128)]
    assert series.affine is None
    assert series.notes == (
        "The slices differ in size (4 of 64 x 64 pixels, 1 of 128 x 96 pixels); each is assessed on its own.",
    )
    assert series.scan(4).pixels.shape == (96, 128)


def test_without_a_place_instance_numbers_give_the_order():
    datasets = slices(12, ImagePositionPatient=None)
    random.Random(1).shuffle(datasets)
    series = only(datasets)
    assert order(series) == list(range(1, 13))
    assert (series.plane, series.gap, series.affine, series.slices[0].position) == (None, None, None, None)
    assert "do not say where the slices lie" in series.notes[0]


@pytest.mark.parametrize("orientation", [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0]])
def test_an_orientation_without_a_normal_counts_as_none(orientation):
    series = only(slices(3, orientation=orientation))
    assert order(series) == [1, 2, 3] and series.plane is None


def test_a_slice_without_a_place_among_others_is_listed_too():
    found = series_of([*slices(5), *slices(1, first=9, ImagePositionPatient=None)])
    assert [order(s) for s in found] == [[1, 2, 3, 4, 5], [9]]
    assert found[1].description == "T1 axial, without a place in space"


def test_frames_of_a_multi_frame_file():
    volume = head_volume(6, size=SIZE)
    ds = enhanced(volume[::-1])
    for i, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        frame.PlanePositionSequence[0].ImagePositionPatient = [0, 0, -GAP * i]
    series = only([ds])
    assert [s.frame_number for s in series.slices] == [6, 5, 4, 3, 2, 1]
    for i in range(6):
        np.testing.assert_array_equal(series.frame(i).values, volume[i])
    assert len({s.key for s in series.slices}) == 6 and series.affine is not None
    assert series.slices[0].header().PatientID == "PH-0001"


def test_stacks_of_a_multi_frame_file():
    ds = enhanced(head_volume(6, size=SIZE))
    for i, frame in enumerate(ds.PerFrameFunctionalGroupsSequence):
        frame.FrameContentSequence[0].StackID = str(1 + i % 2)
    assert [(s.description, len(s)) for s in series_of([ds])] == [("T1 axial, stack 1", 3), ("T1 axial, stack 2", 3)]


def test_of_very_many_stacks_the_first_are_listed():
    datasets = list(itertools.chain(*(slices(2, first=10 * t, TemporalPositionIdentifier=t) for t in range(1, 31))))
    found = series_of(datasets)
    assert len(found) == 24
    assert found[0].notes == (
        "The series holds 30 stacks of slices, which are listed one by one.",
        "Only the first 24 stacks are listed.",
    )


def test_a_series_of_phantoms_from_file_to_scan():
    series = only(series_datasets(24, size=SIZE))
    assert (len(series), series.number, series.title) == (24, 3, "3: T1 axial")
    assert (series.spacing, series.modality, series.source) == ((SPACING, SPACING), "MR", "DICOM")
    scan = series.scan(12)
    assert (scan.name, scan.source, scan.modality) == ("slice 13 of 24", "DICOM", "MR")
    assert scan.sha256 == series.slices[12].key and len(scan.sha256) == 64
