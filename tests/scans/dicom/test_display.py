"""From stored values to units, windows and colours; what cannot be used is noted."""

import numpy as np
import pytest
from pydicom import Dataset

from brain_core.scans.dicom import decode
from brain_core.scans.window import Lookup, Window
from tests.scans.dicom.steps import NATIVE, ramp, source
from tests.scans.dicom_files import dataset, dicom_bytes, to_bytes


def test_rescaling_gives_units():
    frame = decode(source(dicom_bytes(ramp(np.int16), RescaleSlope="0.5", RescaleIntercept="-10")))
    np.testing.assert_array_equal(frame.values, ramp(np.float32) * 0.5 - 10)


@pytest.mark.parametrize("slope", ["0", "1e999", "nan", "text"])
def test_an_unusable_slope_is_noted_and_stored_values_are_shown(slope):
    data = dicom_bytes(ramp(), RescaleSlope="1.11111", RescaleIntercept="5")
    frame = decode(source(data.replace(b"1.11111\x20", slope.ljust(8).encode())))
    np.testing.assert_array_equal(frame.values, ramp())
    assert frame.notes == ("The file's rescale slope or intercept is not usable; stored values are shown.",)


def lut(first: int, entries: list[int], bits: int = 16, **attributes) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def test_a_modality_table_gives_units():
    frame = decode(source(dicom_bytes(ramp(), ModalityLUTSequence=[lut(2, [7, 9, 100])])))
    assert frame.values.reshape(-1)[:6].tolist() == [7, 7, 7, 9, 100, 100]


def test_voi_tables_come_before_windows_with_their_names():
    table = lut(0, [0, 1023, 511], 10, LUTExplanation="Brain")
    frame = decode(source(dicom_bytes(ramp(), VOILUTSequence=[table])))
    first, second = frame.windows
    assert isinstance(first, Lookup) and (first.first, first.name) == (0, "Brain")
    np.testing.assert_allclose(first.table, [0, 1, 511 / 1023], rtol=1e-6)
    assert second == Window(700, 1400)
    assert frame.levels().reshape(-1)[:4].tolist() == [0, 255, 127, 127]


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_table_in_bytes_keeps_the_files_byte_order(syntax):
    order = "<" if syntax.is_little_endian else ">"
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3, 0, 16])
    item.add_new("LUTData", "OW", np.array([1, 256, 65535], f"{order}u2").tobytes())
    frame = decode(source(dicom_bytes(ramp(), TransferSyntaxUID=syntax, VOILUTSequence=[item])))
    np.testing.assert_allclose(frame.windows[0].table * 65535, [1, 256, 65535], rtol=1e-5)


def test_several_windows_keep_their_order_and_names():
    attributes = {
        "WindowCenter": [40, 600],
        "WindowWidth": [80, 2800],
        "WindowCenterWidthExplanation": ["BRAIN", "<b>BONE</b>"],
        "VOILUTFunction": "SIGMOID",
    }
    frame = decode(source(dicom_bytes(ramp(), **attributes)))
    assert frame.windows == (Window(40, 80, "sigmoid", "BRAIN"), Window(600, 2800, "sigmoid", "<b>BONE</b>"))


@pytest.mark.parametrize(
    "attributes",
    [{"WindowWidth": 0}, {"WindowWidth": -5}, {"WindowWidth": None}, {"WindowCenter": [1, 2], "WindowWidth": 0}],
)
def test_a_broken_window_is_noted_and_percentiles_take_its_place(attributes):
    frame = decode(source(dicom_bytes(ramp(), **attributes)))
    assert frame.windows == ()
    assert frame.notes == ("A window in the file has no usable centre and width; it is not used.",)
    assert frame.default_window().name == "Automatic (1st to 99th percentile)"


def test_a_linear_window_below_one_unit_is_taken_exactly():
    frame = decode(source(dicom_bytes(ramp(), WindowCenter="0.5", WindowWidth="0.25")))
    assert frame.windows == (Window(0.5, 0.25, "linear_exact"),)


def test_an_unknown_window_function_is_noted():
    frame = decode(source(dicom_bytes(ramp(), VOILUTFunction="CUBIC")))
    assert frame.windows[0].function == "linear"
    assert "window function is not known" in frame.notes[0]


def test_monochrome1_is_inverted():
    frame = decode(source(dicom_bytes(ramp(), PhotometricInterpretation="MONOCHROME1")))
    assert frame.inverted
    assert frame.levels(Window(240, 100))[0, 0] == 255


@pytest.mark.parametrize(
    ("attributes", "padded"),
    [
        ({"PixelPaddingValue": 3}, [3]),
        ({"PixelPaddingValue": 3, "PixelPaddingRangeLimit": 5}, [3, 4, 5]),
        ({"PixelPaddingValue": 5, "PixelPaddingRangeLimit": 3}, [3, 4, 5]),
        ({"PixelPaddingValue": 60_000}, []),
    ],
)
def test_padding_is_masked_before_rescaling(attributes, padded):
    data = dicom_bytes(ramp(), RescaleSlope=10, RescaleIntercept=0, **attributes)
    frame = decode(source(data))
    found = [] if frame.padding is None else np.flatnonzero(frame.padding).tolist()
    assert found == padded


def test_negative_padding_written_as_unsigned_is_understood():
    values = ramp(np.int16)
    values[0, 0] = -2000
    ds = dataset(values)
    ds.add_new("PixelPaddingValue", "US", 65536 - 2000)
    assert np.flatnonzero(decode(source(to_bytes(ds))).padding).tolist() == [0]


def test_colours_are_read_exactly_in_rgb_order():
    rgb = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    np.testing.assert_array_equal(decode(source(dicom_bytes(rgb))).values, rgb)
    planes = {"PlanarConfiguration": 1, "PixelData": rgb.transpose(2, 0, 1).tobytes()}
    np.testing.assert_array_equal(decode(source(dicom_bytes(rgb, **planes))).values, rgb)
    wide = decode(source(dicom_bytes(rgb.astype(np.uint16) * 257)))
    np.testing.assert_array_equal(wide.values, rgb)


def test_ybr_becomes_rgb():
    # PS3.3 C.7.6.3.1.2: pure red is (76, 85, 255) in YBR_FULL
    ybr = np.zeros((20, 24, 3), np.uint8) + np.array([76, 85, 255], np.uint8)
    frame = decode(source(dicom_bytes(ybr, PhotometricInterpretation="YBR_FULL")))
    assert np.abs(frame.values.astype(int) - [254, 0, 0]).max() <= 1


@pytest.mark.parametrize(("bits", "full"), [(8, 255), (16, 65535)])
def test_a_palette_becomes_rgb(bits, full):
    index = (ramp() % 3).astype(np.uint8)
    wide = np.uint8 if bits == 8 else np.uint16
    attributes = {"PhotometricInterpretation": "PALETTE COLOR", "WindowCenter": None, "WindowWidth": None}
    for i, colour in enumerate(("Red", "Green", "Blue")):
        table = np.zeros(4, wide)
        table[i] = full
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [4, 0, bits]
        attributes[f"{colour}PaletteColorLookupTableData"] = table.tobytes()
    ds = dataset(index, **attributes)
    for keyword in attributes:
        if keyword.endswith("Descriptor"):
            ds[keyword].VR = "US"
    frame = decode(source(to_bytes(ds)))
    assert frame.values[0, :4].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 0, 0]]
