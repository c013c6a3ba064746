"""Every kind of file that a user may bring, good or bad."""

import hashlib
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from brain_core.errors import ScanError
from brain_core.scans import base_name, read_bytes, read_file
from brain_core.scans.raster import MIN_SIDE


@pytest.fixture
def grey() -> np.ndarray:
    """A ramp in both directions, 24 x 32, with values up to 255: no symmetry to hide a wrong turn."""
    picture = np.add.outer(np.arange(24) * 4, np.arange(32) * 5).astype(np.uint8)
    picture[-1, -1] = 255
    return picture


@pytest.fixture
def rgb(grey) -> np.ndarray:
    return np.stack([grey, grey[::-1], 255 - grey], axis=-1)


def png_header(width: int, height: int) -> bytes:
    """A valid PNG up to the start of its pixels, which are garbage."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"not zlib") + chunk(b"IEND", b"")


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_lossless_grey_is_read_exactly(grey, encode, format):
    scan = read_bytes(encode(grey, format), "a.x")
    np.testing.assert_array_equal(scan.grey, grey)
    assert scan.pixels.dtype == np.uint8
    assert scan.source == format
    assert (scan.height, scan.width) == (24, 32)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_rgb_is_read_exactly_in_rgb_order(rgb, encode, format):
    np.testing.assert_array_equal(read_bytes(encode(rgb, format), "a").pixels, rgb)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "JPEG2000"])
def test_lossy_grey_is_read_closely(grey, encode, format):
    scan = read_bytes(encode(grey, format, quality=95) if format != "JPEG2000" else encode(grey, format), "a")
    assert scan.source == format
    assert np.abs(scan.grey[:-1].astype(int) - grey[:-1]).mean() < 4


def test_the_checksum_is_of_the_file_and_the_pixels_are_read_only(grey, encode):
    data = encode(grey)
    scan = read_bytes(data, "a.png")
    assert scan.sha256 == hashlib.sha256(data).hexdigest()
    with pytest.raises(ValueError, match="read-only"):
        scan.pixels[0, 0] = 1


def test_16_bit_data_scaled_up_from_8_bit_gives_the_8_bit_pixels(grey, encode):
    wide = grey.astype(np.uint16) * 257
    for format in ("PNG", "TIFF"):
        np.testing.assert_array_equal(read_bytes(encode(wide, format), "a").pixels, grey)


def test_12_bit_data_in_a_16_bit_file_uses_its_full_scale(encode):
    wide = np.linspace(0, 4095, 400).round().astype(np.uint16).reshape(20, 20)
    pixels = read_bytes(encode(wide), "a.png").pixels
    np.testing.assert_array_equal(pixels, np.round(wide / 4095 * 255))


def test_8_bit_data_in_a_16_bit_file_stays_as_it_is(grey, encode):
    np.testing.assert_array_equal(read_bytes(encode(grey.astype(np.uint16)), "a.png").pixels, grey)


def test_floating_point_grey_outside_the_known_scales_is_refused(grey, encode):
    for bad in (-1.0, 70_000.0, np.nan):
        picture = grey.astype(np.float32)
        picture[0, 0] = bad
        with pytest.raises(ScanError, match="a.tif: grey values from .* 0 to 65535 are read"):
            read_bytes(encode(picture, "TIFF"), "a.tif")


def test_cmyk_becomes_rgb(grey, encode):
    cmyk = Image.merge("CMYK", [Image.fromarray(band) for band in (255 - grey, 255 - grey, 255 - grey, grey * 0)])
    scan = read_bytes(encode(cmyk, "TIFF"), "a.tif")
    np.testing.assert_array_equal(scan.pixels, np.stack([grey] * 3, axis=-1))
    jpeg = read_bytes(encode(cmyk, "JPEG", quality=100), "a.jpg")
    assert np.abs(jpeg.pixels.astype(int) - grey[..., None]).mean() < 3


def test_rgba_is_laid_over_black(grey, encode):
    alpha = np.zeros_like(grey)
    alpha[:, 8:16], alpha[:, 16:] = 128, 255
    rgba = np.dstack([grey, grey, grey, alpha])
    expected = np.round(grey * (alpha / 255.0))
    pixels = read_bytes(encode(rgba), "a.png").pixels
    assert np.abs(pixels - expected[..., None]).max() <= 1
    np.testing.assert_array_equal(pixels[:, :8], 0)
    np.testing.assert_array_equal(pixels[:, 16:, 0], grey[:, 16:])


def test_grey_with_alpha_is_laid_over_black(grey, encode):
    alpha = np.where(np.arange(32) < 16, 0, 255).astype(np.uint8) + np.zeros_like(grey)
    scan = read_bytes(encode(Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])), "a.png")
    np.testing.assert_array_equal(scan.grey[:, :16], 0)
    np.testing.assert_array_equal(scan.grey[:, 16:], grey[:, 16:])


def test_a_transparent_palette_colour_becomes_black(encode):
    image = Image.fromarray((np.arange(400).reshape(20, 20) % 3).astype(np.uint8), "P")
    image.putpalette([255, 255, 255, 200, 0, 0, 0, 200, 0])
    pixels = read_bytes(encode(image, transparency=0), "a.png").pixels
    np.testing.assert_array_equal(pixels[0, :3], [[0, 0, 0], [200, 0, 0], [0, 200, 0]])


def test_a_transparent_grey_level_becomes_black(encode):
    picture = np.full((20, 20), 90, np.uint8)
    picture[5:15, 5:15] = 255
    pixels = read_bytes(encode(picture, transparency=255), "a.png").grey
    assert (pixels[5:15, 5:15] == 0).all() and pixels[0, 0] == 90


def test_black_and_white_becomes_0_and_255(encode):
    picture = np.indices((20, 20)).sum(0) % 2 == 0
    np.testing.assert_array_equal(read_bytes(encode(picture), "a.png").pixels, picture * 255)


def test_an_animation_gives_its_first_frame_and_says_so(grey, encode):
    frames = [Image.fromarray(np.roll(grey, 7 * i, axis=1)) for i in range(3)]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    scan = read_bytes(data, "a.gif")
    np.testing.assert_array_equal(scan.grey, grey)
    assert scan.notes == ("The file holds 3 frames; the first one was read.",)
    assert read_bytes(encode(grey, "GIF"), "b.gif").notes == ()


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(3, lambda x: x[::-1, ::-1]), (6, lambda x: np.rot90(x, -1)), (8, np.rot90), (2, lambda x: x[:, ::-1])],
)
def test_exif_orientation_is_applied(grey, encode, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    scan = read_bytes(encode(grey, "PNG", exif=exif.tobytes()), "a.png")
    np.testing.assert_array_equal(scan.pixels, turn(grey))
    assert scan.source == "PNG"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "^a.png: the file is empty"),
        (b"Dear doctor, the scan is attached.\n" * 20, "^a.png: not a picture in a format that is read here"),
        (b"\x89PNG\r\n\x1a\n", "^a.png: "),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n", "^a.png: not a picture"),
        (png_header(64, 64), "^a.png: the picture is damaged"),
    ],
)
def test_what_is_no_picture_is_refused(data, message):
    with pytest.raises(ScanError, match=message):
        read_bytes(data, "a.png")


def test_a_truncated_jpeg_is_refused(encode, normal_scan):
    data = encode(normal_scan.pixels, "JPEG")
    with pytest.raises(ScanError, match="^a.jpg: the picture is damaged"):
        read_bytes(data[: len(data) // 2], "a.jpg")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # Pillow warns of damaged tags that it can do without
@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "PPM"])
def test_damage_anywhere_never_raises_anything_but_a_scan_error(rgb, encode, format):
    data = encode(rgb, format)
    rng = np.random.default_rng(0)
    for _ in range(150):
        damaged = bytearray(data[: rng.integers(1, len(data) + 1)])
        for place in rng.integers(0, len(damaged), rng.integers(0, 6)):
            damaged[place] = rng.integers(256)
        try:
            assert read_bytes(bytes(damaged), "a").pixels.dtype == np.uint8
        except ScanError as error:
            assert str(error).startswith("a: ")


@pytest.mark.parametrize("shape", [(1, 1), (MIN_SIDE - 1, 100), (100, MIN_SIDE - 1)])
def test_a_tiny_picture_is_refused(encode, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    with pytest.raises(ScanError, match=rf"{shape[1]} x {shape[0]} pixels; a scan needs at least 16 x 16"):
        read_bytes(encode(picture), "a.png")


def test_the_smallest_picture_is_read(encode):
    picture = np.arange(MIN_SIDE**2).reshape(MIN_SIDE, MIN_SIDE).astype(np.uint8)
    assert read_bytes(encode(picture), "a.png").pixels.shape == (MIN_SIDE, MIN_SIDE)


@pytest.mark.parametrize("shape", [(16, 81), (2_000, 16)])
def test_a_long_strip_is_refused(encode, shape):
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    with pytest.raises(ScanError, match=f"a.png: {shape[1]} x {shape[0]} pixels; a strip this long"):
        read_bytes(encode(picture), "a.png")
    assert read_bytes(encode(picture[:80, :80]), "a.png").pixels.shape == (min(80, shape[0]), min(80, shape[1]))


@pytest.mark.parametrize("format", ["GIF", "TIFF"])
def test_a_file_of_several_pages_with_one_damaged_is_refused(grey, encode, format):
    pages = [Image.fromarray(np.roll(grey, 7 * i, axis=1)) for i in range(3)]
    data = encode(pages[0], format, save_all=True, append_images=pages[1:])
    refused = 0
    for end in range(len(data) // 2, len(data)):
        try:
            read_bytes(data[:end], "a")
        except ScanError as error:
            refused += "a: the picture is damaged" in str(error)
    assert refused


@pytest.mark.parametrize("value", [0, 7, 255])
def test_a_constant_picture_is_refused(encode, value):
    with pytest.raises(ScanError, match="every pixel has the same value"):
        read_bytes(encode(np.full((40, 40), value, np.uint8)), "a.png")


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (10_000, 10_000), (6_400, 6_400), (2_000_000_000, 16)])
def test_a_picture_that_claims_too_many_pixels_is_refused_before_decoding(monkeypatch, width, height):
    def decoded(self, *arguments, **options):
        raise AssertionError("The pixels were decoded.")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    monkeypatch.setattr(Image.Image, "load", decoded)
    with pytest.raises(ScanError, match="a.png: .*40 megapixels"):
        read_bytes(png_header(width, height), "a.png")


def test_the_trap_for_decoding_works(monkeypatch):
    """The same header with a harmless size does reach the decoder: the test above can fail."""
    calls = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: calls.append(self.size))
    with pytest.raises(ScanError):
        read_bytes(png_header(64, 64), "a.png")
    assert calls


def test_the_megapixel_limit_is_a_setting(set_environment, encode):
    picture = np.random.default_rng(0).integers(0, 256, (1001, 1000)).astype(np.uint8)
    set_environment(BRAIN_MAX_MEGAPIXELS=1)
    with pytest.raises(ScanError, match="1000 x 1001 pixels; pictures of up to 1 megapixels are read"):
        read_bytes(encode(picture), "a.png")
    assert read_bytes(encode(picture[:1000]), "a.png").height == 1000


def test_a_file_that_is_too_large_is_refused_unread(set_environment, tmp_path, monkeypatch):
    set_environment(BRAIN_MAX_FILE_MEGABYTES=1)
    with pytest.raises(ScanError, match="2 MB; files of up to 1 MB are read"):
        read_bytes(bytes(2_000_000), "a.png")
    path = tmp_path / "large.png"
    path.write_bytes(bytes(2_000_000))
    monkeypatch.setattr(type(path), "read_bytes", lambda self: pytest.fail("The file was read."))
    with pytest.raises(ScanError, match="large.png: larger than 1 MB"):
        read_file(path)


def test_a_missing_file_and_a_folder_are_refused_by_name_only(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path):
        with pytest.raises(ScanError, match=f"^{path.name}: cannot be opened") as caught:
            read_file(path)
        assert str(tmp_path.parent) not in str(caught.value)


def test_a_file_on_disk_is_read_whatever_its_suffix_says(tmp_path, grey, encode):
    path = tmp_path / "Scan 1.JPG"
    path.write_bytes(encode(grey))
    scan = read_file(str(path))
    assert (scan.name, scan.source) == ("Scan 1.JPG", "PNG")
    np.testing.assert_array_equal(scan.pixels, grey)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        (r"C:\patients\Doe\1.png", "1.png"),
        (r"a/b\c.png", "c.png"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("two\nlines\x1b[31m\u202e.png", "twolines[31m.png"),
        ("größe 1.png", "größe 1.png"),
        ("", "unnamed"),
        ("..", ".."),
        ("/", "unnamed"),
    ],
)
def test_names_lose_their_folders_and_control_characters(given, kept, grey, encode):
    assert base_name(given) == kept
    assert read_bytes(encode(grey), given).name == kept


def test_the_grey_of_a_grey_rgb_picture_is_its_channel(grey, encode):
    scan = read_bytes(encode(np.stack([grey] * 3, axis=-1)), "a.png")
    np.testing.assert_array_equal(scan.grey, grey)
    np.testing.assert_array_equal(read_bytes(encode(grey), "a.png").rgb, cv2.merge([grey] * 3))
