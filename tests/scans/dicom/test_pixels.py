"""Stored pixels of every transfer syntax and depth are read exactly, or closely where they are lossy."""

import numpy as np
import pytest
from pydicom import uid

from brain_core.scans.dicom import decode, is_dicom, read_header
from brain_core.scans.window import Window
from tests.scans.dicom.steps import NATIVE, deflated, ramp, source, with_codestream, without_meta
from tests.scans.dicom_files import dataset, dicom_bytes, to_bytes


@pytest.mark.parametrize("syntax", NATIVE)
def test_uncompressed_pixels_are_read_exactly(pixels, syntax):
    frame = decode(source(dicom_bytes(pixels, TransferSyntaxUID=syntax)))
    np.testing.assert_array_equal(frame.values, pixels)
    assert frame.values.dtype == np.float32
    assert (frame.padding, frame.inverted, frame.notes) == (None, False, ())
    assert frame.windows == (Window(700, 1400),)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32])
@pytest.mark.parametrize("syntax", NATIVE)
def test_every_depth_is_read_exactly(dtype, syntax):
    values = ramp().astype(dtype)
    frame = decode(source(dicom_bytes(values, TransferSyntaxUID=syntax)))
    np.testing.assert_array_equal(frame.values, values)


def test_single_bits_are_read_exactly():
    bits = (ramp() % 3 == 0).astype(np.uint8)
    packed = np.packbits(bits, bitorder="little").tobytes()
    attributes = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": packed}
    np.testing.assert_array_equal(decode(source(dicom_bytes(bits, **attributes))).values, bits)


def test_floats_are_read_and_what_is_no_number_becomes_padding():
    values = ramp(np.float32) / 7
    values[0, 0], values[1, 1], values[2, 2] = np.nan, np.inf, -3
    attributes = {
        "PixelData": None,
        "FloatPixelData": values.tobytes(),
        "BitsAllocated": 32,
        "BitsStored": None,
        "HighBit": None,
        "PixelRepresentation": None,
        "SOPClassUID": uid.ParametricMapStorage,
    }
    frame = decode(source(dicom_bytes(ramp(np.uint32), **attributes)))
    assert np.argwhere(frame.padding).tolist() == [[0, 0], [1, 1]]
    assert frame.values[0, 0] == frame.values[1, 1] == -3
    np.testing.assert_array_equal(frame.values[3:], values[3:])


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless])
@pytest.mark.parametrize("signed", [False, True])
def test_lossless_compression_gives_the_same_pixels(pixels, syntax, signed):
    stored = pixels.astype(np.int16) - 500 if signed else pixels
    ds = dataset(stored, BitsStored=16, HighBit=15)
    ds.compress(syntax, generate_instance_uid=False)
    np.testing.assert_array_equal(decode(source(to_bytes(ds))).values, stored)


@pytest.mark.parametrize("syntax", [uid.JPEGLossless, uid.JPEGLosslessSV1])
def test_lossless_jpeg_of_12_and_16_bits(pixels, syntax):
    imagecodecs = pytest.importorskip("imagecodecs")
    for stored, bits in ((pixels, 12), (pixels * 16, 16)):
        data = imagecodecs.jpeg8_encode(stored, lossless=True, bitspersample=bits, predictor=1)
        np.testing.assert_array_equal(decode(source(with_codestream(stored, data, syntax))).values, stored)


def test_signed_lossless_jpeg_comes_back_with_its_sign(pixels):
    imagecodecs = pytest.importorskip("imagecodecs")
    signed = pixels.astype(np.int16) - 1000
    data = imagecodecs.jpeg8_encode(signed.view(np.uint16) & 0xFFF, lossless=True, bitspersample=12, predictor=1)
    attributes = {"BitsStored": 12, "HighBit": 11}
    frame = decode(source(with_codestream(signed, data, uid.JPEGLosslessSV1, **attributes)))
    np.testing.assert_array_equal(frame.values, signed)


def test_lossless_jpeg_in_colour_keeps_its_components():
    imagecodecs = pytest.importorskip("imagecodecs")
    rgb = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
    data = imagecodecs.jpeg8_encode(rgb, lossless=True, colorspace="RGB", outcolorspace="RGB", predictor=1)
    np.testing.assert_array_equal(decode(source(with_codestream(rgb, data, uid.JPEGLosslessSV1))).values, rgb)


def test_lossy_jpeg_is_read_closely(pixels):
    imagecodecs = pytest.importorskip("imagecodecs")
    data = imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=12)
    frame = decode(source(with_codestream(pixels, data, uid.JPEGExtended12Bit)))
    assert 0 < np.abs(frame.values - pixels).mean() < 20
    small = (pixels // 16).astype(np.uint8)
    data = imagecodecs.jpeg8_encode(small, level=95)
    frame = decode(source(with_codestream(small, data, uid.JPEGBaseline8Bit)))
    assert 0 < np.abs(frame.values - small).mean() < 3


def test_a_deflated_file_is_read(pixels):
    plain = dicom_bytes(pixels)
    np.testing.assert_array_equal(decode(source(deflated(plain))).values, pixels)


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_bare_data_set_without_prefix_is_read(pixels, syntax):
    data = without_meta(dicom_bytes(pixels, TransferSyntaxUID=syntax))
    assert is_dicom(source(data))
    instance = read_header(source(data))
    np.testing.assert_array_equal(instance.read().values, pixels)
    assert instance.transfer_syntax == syntax
