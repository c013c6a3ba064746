"""DICOM files of every kind, made from phantoms: what is read exactly, and what is refused in which words."""

import hashlib
import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate

from brain_core.errors import ScanError
from brain_core.scans.dicom import (
    decode,
    digest,
    header_dataset,
    is_dicom,
    read_header,
    read_identity,
    slice_key,
)
from brain_core.scans.dicom import file as dicom_file
from brain_core.scans.dicom import layout as dicom_layout
from brain_core.scans.dicom.decoders import BY_IMAGECODECS, PLUGINS, missing_decoder
from brain_core.scans.source_file import SourceFile
from brain_core.scans.window import Lookup, Window
from brain_core.settings import Settings
from tests.scans.dicom_files import (
    dataset,
    dicom_bytes,
    enhanced,
    head_volume,
    series_datasets,
    to_bytes,
    write_series,
)

NATIVE = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.ExplicitVRBigEndian)
SECONDARY_CAPTURE = uid.SecondaryCaptureImageStorage


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """A slice through the middle of a head, uint16 (128, 128), 12 bits."""
    return head_volume(3)[1]


def source(data: bytes, name: str = "a.dcm") -> SourceFile:
    return SourceFile.of_bytes(data, name)


def refused(data: bytes) -> str:
    with pytest.raises(ScanError) as caught:
        decode(source(data))
    return str(caught.value)


def ramp(dtype: type = np.uint16, rows: int = 20, columns: int = 24) -> np.ndarray:
    return np.arange(rows * columns).reshape(rows, columns).astype(dtype)


def without_meta(data: bytes) -> bytes:
    """The bare data set, as old archives keep it."""
    length = struct.unpack("<L", data[140:144])[0]
    return data[144 + length :]


def deflated(data: bytes) -> bytes:
    """The file of an explicit little endian one with its data set deflated."""
    body = without_meta(data)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    meta = dicom_bytes(ramp(), TransferSyntaxUID=uid.ExplicitVRLittleEndian)
    start = meta[: len(meta) - len(without_meta(meta))].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    at = start.index(b"1.2.840.10008.1.2.1.99") - 2
    start = start[:at] + struct.pack("<H", 22) + start[at + 2 :]
    length = struct.unpack("<L", start[140:144])[0] + 2
    return start[:140] + struct.pack("<L", length) + start[144:] + packer.compress(body) + packer.flush()


# What is read


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


def with_codestream(pixels: np.ndarray, data: bytes, syntax: uid.UID, **attributes) -> bytes:
    ds = dataset(pixels, PixelData=None, TransferSyntaxUID=syntax, **attributes)
    ds.PixelData = encapsulate([data])
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    return to_bytes(ds)


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


# What must not get out, and texts


def test_an_instance_holds_nothing_of_the_patient(pixels):
    instance = read_header(source(dicom_bytes(pixels)))
    held = repr(instance) + repr(instance.pixels) + str(instance.pixels.module) + repr(vars(instance.pixels))
    for secret in ("Phantom^Anna", "Phantom", "PH-0001", "19700131", "ACC-1"):
        assert secret not in held.replace("Phantom Works", "")


def test_nothing_of_the_file_is_logged_or_printed(pixels, caplog, capfd):
    data = dicom_bytes(pixels).replace(b"ISO_IR 192", b"KLINGON   ").replace(b"19700131", b"Secret^N")
    for function in (read_identity, header_dataset, decode):
        function(source(data))
    out = capfd.readouterr()
    assert ([record.message for record in caplog.records], out.out, out.err) == ([], "", "")


def test_errors_quote_nothing_of_the_file(pixels):
    data = dicom_bytes(pixels, Rows=None)
    assert "Phantom" not in refused(data)
    data = dicom_bytes(pixels).replace(b"US\x02\x00\x80\x00", b"PN\x06\x00Secret", 1)
    with pytest.raises(ScanError) as caught:
        decode(source(data))
    assert "Secret" not in str(caught.value) and caught.value.__cause__ is None


def test_who_the_patient_is_is_read_for_people(pixels):
    who = read_identity(source(dicom_bytes(pixels, PatientName="Phantom^Anna^B^Dr")))
    assert who.name == "Phantom, Anna B"
    assert (who.patient_id, who.birth_date, who.sex) == ("PH-0001", "1970-01-31", "F")
    assert (who.study_date, who.study_description, who.accession_number) == ("2026-01-02", "MRI brain", "ACC-1")


def test_a_patient_without_data_is_empty(pixels):
    keywords = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyDescription")
    who = read_identity(source(dicom_bytes(pixels, AccessionNumber=None, **dict.fromkeys(keywords))))
    assert set(vars(who).values()) == {""}


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        ("ISO_IR 192", "Müller^Jörg".encode(), "Müller, Jörg"),
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller, Jörg"),
        ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "M�ller, J�rg"),
        ("KLINGON", b"M\xfcller^J", "Müller, J"),
        ("", b"M\xfcller^J", "Müller, J"),
        ("ISO_IR 144", "Люкceмбypг^A".encode("iso8859-5"), "Люкceмбypг, A"),
        ("ISO 2022 IR 6\\ISO 2022 IR 87", b"=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田, 太郎"),
        ("ISO 2022 IR 87", b"\x1b$B;3\xff\xff", None),
    ],
)
def test_names_in_any_character_set_never_raise(pixels, charset, raw, name):
    charset = charset.encode() + b" " * (len(charset) % 2)
    raw += b" " * (len(raw) % 2)
    data = dicom_bytes(pixels)
    for written, new in (
        (b"CS\x0a\x00ISO_IR 192", b"CS" + struct.pack("<H", len(charset)) + charset),
        (b"PN\x0c\x00Phantom^Anna", b"PN" + struct.pack("<H", len(raw)) + raw),
    ):
        assert data.count(written) == 1
        data = data.replace(written, new)
    who = read_identity(source(data))
    assert name is None or who.name == name
    assert read_header(source(data)).series_description == "T1 axial"


def test_texts_are_cleaned_and_cut_but_not_escaped(pixels):
    instance = read_header(source(dicom_bytes(pixels, SeriesDescription="<b>T1</b>\r\n\t ax\x1b[0m")))
    assert instance.series_description == "<b>T1</b> ax [0m"
    ds = dataset(pixels, SeriesDescription=None)
    ds.add_new("SeriesDescription", "UT", "x" * 5000)
    long = read_header(source(to_bytes(ds))).series_description
    assert len(long) == 64 and long.endswith("…")


def test_the_header_for_reports_is_whole_but_for_what_is_damaged(pixels):
    data = dicom_bytes(pixels).replace(b"IS\x02\x003 ", b"UL\x02\x0033")
    ds = header_dataset(source(data))
    assert str(ds.PatientName) == "Phantom^Anna" and "PixelData" not in ds
    assert "SeriesNumber" not in ds
    assert ds.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert read_header(source(data)).series_number is None


def test_checksums_and_keys(pixels, tmp_path):
    data = dicom_bytes(pixels)
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    expected = hashlib.sha256(data).hexdigest()
    assert digest(SourceFile.of_path(path)) == digest(source(data)) == expected
    assert slice_key(expected) == expected
    assert slice_key(expected, 2) == hashlib.sha256(f"{expected}:2".encode()).hexdigest()


# What is refused


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"SOPClassUID": uid.ComprehensiveSRStorage}, "is a Comprehensive SR (a report), not an image"),
        ({"SOPClassUID": uid.EncapsulatedPDFStorage}, "is an Encapsulated PDF (a document), not an image"),
        (
            {"SOPClassUID": uid.GrayscaleSoftcopyPresentationStateStorage},
            "is a Grayscale Softcopy Presentation State (display settings for images), not an image",
        ),
        ({"SOPClassUID": uid.KeyObjectSelectionDocumentStorage}, "(a list of notable images), not an image"),
        ({"SOPClassUID": uid.SegmentationStorage}, "is a Segmentation (outlines drawn on images), not an image"),
        ({"SOPClassUID": uid.RTStructureSetStorage}, "(outlines drawn for radiotherapy), not an image"),
        ({"SOPClassUID": uid.MRSpectroscopyStorage}, "is MR Spectroscopy (spectra), not an image"),
        ({"SOPClassUID": uid.RawDataStorage}, "is Raw Data (measurements before reconstruction), not an image"),
        ({"SOPClassUID": uid.CTImageStorage, "Modality": "MR"}, "is a computed tomography image (CT); BRAIN reads MR"),
        ({"SOPClassUID": uid.CTImageStorage, "Modality": None}, "is a computed tomography image (CT); BRAIN reads MR"),
        (
            {"SOPClassUID": uid.ComputedRadiographyImageStorage, "Modality": "CR"},
            "is a computed radiography X-ray image (CR); BRAIN reads MR",
        ),
        ({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "US"}, "is an ultrasound image (US); BRAIN reads MR"),
        ({"Modality": "PT"}, "is a positron emission tomography image (PT); BRAIN reads MR"),
        ({"Modality": "XYZ"}, "is of a modality that is not known here"),
        ({"SOPClassUID": None, "Modality": None, "Rows": None}, "is missing"),
        ({"SOPClassUID": "1.2.3.4", "Modality": None}, "is of no known kind"),
        ({"Rows": None}, "the attribute Rows is missing"),
        ({"Columns": None}, "the attribute Columns is missing"),
        ({"BitsAllocated": None}, "the attribute BitsAllocated is missing"),
        ({"BitsStored": None}, "the attribute BitsStored is missing"),
        ({"SamplesPerPixel": None}, "the attribute SamplesPerPixel is missing"),
        ({"PixelRepresentation": None}, "the attribute PixelRepresentation is missing"),
        ({"PhotometricInterpretation": None}, "the attribute PhotometricInterpretation is missing"),
        ({"PixelData": None}, "the attribute PixelData is missing"),
        ({"PixelData": b""}, "the pixels are truncated (0 of 960 bytes)"),
        ({"PixelData": b"\0" * 100}, "the pixels are truncated (100 of 960 bytes)"),
        ({"Rows": 65535, "Columns": 65535}, "claims 65535 x 65535 pixels; pictures of up to 40 megapixels are read"),
        ({"Rows": 0}, "24 x 0 pixels; a scan needs at least 16 x 16"),
        ({"Rows": 16, "Columns": 100}, "a strip this long is not a scan of a head"),
        ({"NumberOfFrames": 0}, "holds 0 frames; there is nothing to read"),
        ({"NumberOfFrames": -3}, "holds -3 frames"),
        ({"NumberOfFrames": 7}, "claims 7 frames, but its pixels suffice for 1"),
        ({"NumberOfFrames": 2**31 - 1}, "claims 2147483647 frames; files of up to 50000 are read"),
        ({"SamplesPerPixel": 2}, "2 samples per pixel; MONOCHROME2 has 1"),
        ({"SamplesPerPixel": 3}, "3 samples per pixel; MONOCHROME2 has 1"),
        ({"PhotometricInterpretation": "RGB"}, "1 samples per pixel; RGB has 3"),
        ({"PhotometricInterpretation": "CMYK"}, "pixels of the kind 'CMYK' (PhotometricInterpretation) are not read"),
        (
            {"BitsAllocated": 12},
            "in 12; expected pixels in 1, 8, 16, 32 bits",
        ),
        ({"BitsStored": 17}, "17 bits stored in 16"),
        ({"BitsStored": 0}, "0 bits stored in 16"),
    ],
)
def test_what_is_no_readable_mr_image_is_refused_by_name(attributes, message):
    values = ramp()
    if {"BitsStored", "BitsAllocated"} & set(attributes):
        values = values + np.uint16(40_000)  # all 16 bits in use
    assert message in refused(dicom_bytes(values, **attributes))


def test_video_is_refused_by_the_name_of_its_transfer_syntax(pixels):
    data = with_codestream(pixels, b"\0" * 50, uid.MPEG2MPML)
    assert "its transfer syntax is not read (MPEG2 Main Profile / Main Level)" in refused(data)


def test_no_decoder_is_used_that_ends_the_process_at_damaged_data():
    compressed = [syntax for syntax in uid.AllTransferSyntaxes if syntax.is_encapsulated]
    read = [syntax for syntax in compressed if missing_decoder(syntax) is None]
    assert len(read) >= 12
    for syntax in set(read) - set(BY_IMAGECODECS):
        assert PLUGINS[syntax] in ("pydicom", "pillow", "pyjpegls", "pylibjpeg")  # GDCM aborts at damaged JPEG
    assert PLUGINS[uid.RLELossless] == "pydicom"  # pylibjpeg-rle panics
    assert uid.JPEGLossless not in PLUGINS  # pylibjpeg would want a decoder under another licence


def test_a_missing_decoder_says_what_to_install(pixels, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    data = with_codestream(pixels, b"\0" * 50, uid.JPEGLosslessSV1)
    assert "its pixels are compressed (JPEG Lossless" in refused(data)
    assert "install imagecodecs to read them" in refused(data)


def test_secondary_captures_and_files_without_modality_are_read(pixels):
    capture = read_header(source(dicom_bytes(pixels, SOPClassUID=SECONDARY_CAPTURE, Modality="OT")))
    assert capture.modality == "OT"
    assert read_header(source(dicom_bytes(pixels, Modality=None))).modality == "MR"
    assert read_header(source(dicom_bytes(pixels, SOPClassUID="1.3.46.670589.5.0.2"))).modality == "MR"


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


def test_the_phantom_series_has_blank_ends_and_a_lesion_in_its_middle():
    with_lesion, without = (
        np.array([ds.pixel_array for ds in series_datasets(9, size=64, lesion=lesion)])
        for lesion in (series_datasets.__kwdefaults__["lesion"], None)
    )
    assert [with_lesion[i].max() < 300 for i in range(9)] == [True] + [False] * 7 + [True]
    changed = [not np.array_equal(a, b) for a, b in zip(with_lesion, without, strict=True)]
    assert changed == [False] * 3 + [True] * 3 + [False] * 3
