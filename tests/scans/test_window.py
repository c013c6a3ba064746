"""Grey levels by hand, and against pydicom's own windows as an independent implementation."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels import apply_voi, apply_windowing
from pydicom.uid import ExplicitVRLittleEndian

from brain_core.errors import ScanError
from brain_core.scans.frame import Frame
from brain_core.scans.window import FUNCTIONS, Lookup, Window, apply, of_percentiles


def by_pydicom(values: np.ndarray, window: Window) -> np.ndarray:
    """uint8 grey levels; pydicom spreads them over the 16 bits of its input."""
    ds = Dataset()
    ds.PhotometricInterpretation, ds.BitsStored, ds.PixelRepresentation = "MONOCHROME2", 16, 0
    ds.WindowCenter, ds.WindowWidth = window.centre, window.width
    ds.VOILUTFunction = window.function.upper()
    with np.errstate(over="ignore"):
        return np.floor(apply_windowing(values, ds) / 65535 * 255 + 0.5).astype(np.uint8)


def test_linear_by_hand():
    # PS3.3 C.11.2.1.2.1 with centre 2048 and width 4096: 0 and below is black, 4095 and above white
    values = np.array([-5.0, 0, 1, 2047.5, 4094, 4095, 9999])
    assert apply(values, Window(2048, 4096)).tolist() == [0, 0, 0, 128, 255, 255, 255]
    assert apply(values, Window(2048, 4096), inverted=True).tolist() == [255, 255, 255, 127, 0, 0, 0]


def test_linear_of_width_one_is_a_step():
    # PS3.3: 0 up to centre - 0.5, white above
    assert apply(np.array([8.0, 9.4, 9.5, 9.6, 11.0]), Window(10, 1)).tolist() == [0, 0, 0, 255, 255]


def test_exact_linear_by_hand():
    values = np.array([-1.0, 0, 25, 50, 75, 100, 101])
    assert apply(values, Window(50, 100, "linear_exact")).tolist() == [0, 0, 64, 128, 191, 255, 255]


def test_sigmoid_by_hand():
    # 255 / (1 + exp(-4 (x - c) / w)): at a quarter of the width from the centre, 255 / (1 + e) and its complement
    values = np.array([-1e30, 25, 50, 75, 1e30])
    assert apply(values, Window(50, 100, "sigmoid")).tolist() == [0, 69, 128, 186, 255]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("centre", "width"), [(600, 1600), (40, 80), (30_000.5, 1.5), (-100, 900), (2000, 1)])
def test_windows_agree_with_pydicom(function, centre, width):
    values = np.arange(0, 65_536, 7, dtype=np.uint16)
    window = Window(centre, width, function)
    difference = np.abs(apply(values, window).astype(int) - by_pydicom(values, window))
    assert difference.max() <= (1 if function == "sigmoid" else 0)


def test_a_lookup_agrees_with_pydicom():
    item, ds = Dataset(), Dataset()
    table = (np.arange(300) ** 2 % 4096).astype(np.uint16)
    item.LUTDescriptor, item.LUTData = [300, 50, 12], table.tolist()
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    ds.VOILUTSequence = [item]
    ds.file_meta = Dataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    values = np.arange(0, 500, dtype=np.uint16)
    expected = np.floor(apply_voi(values, ds) / 4095 * 255 + 0.5)
    lookup = Lookup(50, (table / 4095).astype(np.float32))
    assert np.abs(apply(values, lookup) - expected).max() == 0


def test_a_lookup_takes_its_ends_for_values_beyond():
    lookup = Lookup(-2, np.array([0.2, 0.4, 1.0], np.float32))
    values = np.array([-np.inf, -9, -2, -1.5, -1, 0, 9, np.inf, np.nan])
    assert apply(values, lookup).tolist() == [51, 51, 51, 51, 102, 255, 255, 255, 51]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_values_that_are_no_numbers_are_black_and_infinite_ones_at_the_ends(function):
    levels = apply(np.array([np.nan, -np.inf, np.inf], np.float32), Window(5, 10, function))
    assert levels.tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((5, 0), "a width of at least 1. Received: centre 5, width 0"),
        ((5, 0.5), "a width of at least 1"),
        ((5, -1, "sigmoid"), "a width above 0. Received: centre 5, width -1"),
        ((float("nan"), 3), "a finite centre"),
        ((5, float("inf")), "a finite centre and a width"),
        ((5, float("nan")), "a width of at least 1. Received: centre 5, width nan"),
        ((5, 3, "cubic"), "expected a function of .*Received: 'cubic'"),
    ],
)
def test_windows_that_make_no_sense_are_refused(values, message):
    with pytest.raises(ScanError, match=message):
        Window(*values)


def test_percentiles_by_hand():
    window = of_percentiles(np.arange(101.0))
    assert (window.centre, window.width, window.function) == (50, 98, "linear_exact")
    assert window.name == "Automatic (1st to 99th percentile)"
    assert of_percentiles(np.arange(101.0), low=2.5, high=100).name == "Automatic (2.5th to 100th percentile)"


def test_percentiles_leave_out_padding_and_what_is_no_number():
    values = np.concatenate([np.arange(101.0), [5000.0, np.nan, np.inf]])
    padding = values == 5000
    window = of_percentiles(values, padding)
    assert (window.centre, window.width) == (50, 98)


def test_percentiles_of_a_nearly_flat_picture_span_its_values():
    values = np.zeros(1000)
    values[0] = 8
    window = of_percentiles(values)
    assert (window.centre, window.width, window.name) == (4, 8, "Automatic (all values)")


@pytest.mark.parametrize("value", [0.0, -7.0, 1e30, -1e30])
def test_a_flat_picture_is_black(value):
    values = np.full((4, 4), value, np.float32)
    assert (apply(values, of_percentiles(values)) == 0).all()


def test_percentiles_of_nothing_are_a_window_all_the_same():
    values = np.ones((3, 3), np.float32)
    for window in (of_percentiles(values, values > 0), of_percentiles(values * np.nan)):
        assert window.name == "Automatic (no values)"


def test_percentiles_of_extreme_values_stay_finite():
    limit = float(np.finfo(np.float32).max)
    window = of_percentiles(np.array([-limit, 0, limit], np.float32))
    assert np.isfinite([window.centre, window.width]).all()
    assert apply(np.array([-limit, limit]), window).tolist() == [0, 255]


def test_a_window_may_be_narrower_than_numbers_can_tell():
    values = np.array([0, 1e-320, 3e38])
    assert apply(values, of_percentiles(values[:2])).tolist() == [0, 255, 255]


@pytest.mark.parametrize("limits", [(-1, 99), (1, 101), (50, 50), (float("nan"), 99)])
def test_percentiles_out_of_range_are_refused(limits):
    with pytest.raises(ScanError, match="0 <= low < high <= 100"):
        of_percentiles(np.arange(5), None, *limits)


def test_a_frame_is_shown_through_its_first_window_with_black_padding():
    values = np.array([[0, 50], [100, 100]], np.float32)
    padding = np.array([[False, False], [False, True]])
    windows = (Window(50, 100, "linear_exact"), Window(0, 1))
    frame = Frame(values, padding, inverted=True, windows=windows)
    assert frame.levels().tolist() == [[255, 127], [0, 0]]
    assert frame.levels(Window(100, 10, "linear_exact")).tolist() == [[255, 255], [127, 0]]


def test_a_frame_without_windows_takes_percentiles():
    values = np.arange(10_000, dtype=np.float32).reshape(100, 100)
    assert Frame(values).default_window() == of_percentiles(values)
    assert Frame(values).levels().min() == 0 and Frame(values).levels().max() == 255


def test_windows_change_nothing_of_colours():
    rgb = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert Frame(rgb).is_colour
    np.testing.assert_array_equal(Frame(rgb).levels(Window(5, 2)), rgb)
