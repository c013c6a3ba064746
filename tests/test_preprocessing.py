"""The model's input, against numbers computed by hand."""

import cv2
import numpy as np
import pytest

from brain_core import overlay
from brain_core.errors import ConfigError
from brain_core.preprocessing import (
    IMAGENET_MEAN_BGR,
    Box,
    PreprocessingSpec,
    frame_inside,
    head_box,
    input_box,
    prepare,
    prepare_batch,
    scale,
    square,
)
from brain_core.scans import Scan
from brain_core.scans.phantom import Phantom, draw

PLAIN = PreprocessingSpec("unit", crop="none", fit="stretch", intensity="none", size=64)


def scan_of(grey) -> Scan:
    return Scan(np.asarray(grey, np.uint8), "a.png", "PNG", "0" * 64)


def rectangle(top=40, left=60, bottom=140, right=110, shape=(200, 160), inside=200, outside=0) -> np.ndarray:
    picture = np.full(shape, outside, np.uint8)
    picture[top:bottom, left:right] = inside
    return picture


@pytest.mark.parametrize(("inside", "outside"), [(200, 0), (0, 255)])
def test_the_head_is_cropped_with_a_margin_of_2_per_cent_of_its_longer_side(inside, outside):
    # 100 x 50 pixels, widened a pixel by the 5 x 5 blur on every side: 102 x 52; 2 % of 102 is 2.04.
    box = head_box(rectangle(inside=inside, outside=outside))
    assert box == Box(40 - 1 - 3, 60 - 1 - 3, 140 + 1 + 3, 110 + 1 + 3)
    assert (box.height, box.width) == (108, 58)


def test_the_box_of_a_large_picture_is_found_on_a_coarse_copy_and_scaled_back():
    box = head_box(rectangle(160, 240, 560, 440, shape=(1024, 640)))  # a quarter: 40..140 x 60..110, as above
    assert box == Box(156 - 9, 236 - 9, 564 + 9, 444 + 9)  # 408 x 208; 2 % of 408 is 8.16


def test_the_box_ends_at_the_picture():
    assert head_box(rectangle(0, 0, 150, 120)) == Box(0, 0, 155, 125)  # 151 x 121 widened by 3.02


def test_the_largest_thing_is_the_head():
    picture = rectangle()
    picture[5:15, 5:25] = 255  # a caption
    assert head_box(picture) == head_box(rectangle())


@pytest.mark.parametrize(
    "picture",
    [
        np.full((50, 80), 7, np.uint8),
        rectangle(inside=15),  # too faint: 0.08 of 255 is 20
        rectangle(40, 60, 60, 80),  # 22 x 22 pixels are 1.5 % of the picture
    ],
)
def test_without_a_head_the_whole_picture_is_taken(picture):
    assert head_box(picture) == Box(0, 0, *picture.shape)


@pytest.mark.parametrize("shape", [(16, 9_000), (9_000, 16), (16, 16)])
def test_every_shape_has_a_box_inside_the_picture(shape):
    box = head_box(np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8))
    assert 0 <= box.top < box.bottom <= shape[0] and 0 <= box.left < box.right <= shape[1]


def test_padding_centres_the_head_in_a_square():
    spec = PreprocessingSpec("unit", intensity="none", size=108)
    box = input_box(rectangle(), spec)
    assert box == Box(36, 56 - 25, 144, 56 - 25 + 108)  # 108 x 58: 50 columns more, 25 on either side
    result = square(rectangle(), spec)  # 108 -> 108: no interpolation
    expected = np.zeros((108, 108), np.uint8)
    expected[4:104, 29:79] = 200
    np.testing.assert_array_equal(result, expected)


def test_padding_centres_a_wide_head_too():
    spec = PreprocessingSpec("unit", intensity="none", size=108)
    assert input_box(rectangle().T, spec) == Box(56 - 25, 36, 56 - 25 + 108, 144)
    np.testing.assert_array_equal(square(rectangle().T, spec)[29:79, 4:104], 200)


def test_padding_beyond_the_picture_has_the_colour_of_the_background():
    spec = PreprocessingSpec("unit", intensity="none", size=200)
    picture = rectangle(0, 4, 200, 96, shape=(200, 100), inside=20, outside=240)
    assert input_box(picture, spec) == Box(0, -50, 200, 150)
    result = square(picture, spec)
    assert set(np.unique(result[:, :54])) == set(np.unique(result[:, 146:])) == {240}
    assert (result[:, 54:146] == 20).all()


def test_stretching_fills_the_square_with_the_head_box():
    spec = PreprocessingSpec("unit", fit="stretch", intensity="none", size=54)
    assert input_box(rectangle(), spec) == head_box(rectangle())
    result = square(rectangle(), spec) > 100  # rows halved: 100 / 2 = 50; columns 58 -> 54: 50 * 54 / 58 = 46.6
    assert result.any(axis=1).sum() == 50
    assert result.any(axis=0).sum() in (46, 47)


def test_without_crop_and_stretch_nothing_is_cut():
    picture = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    np.testing.assert_array_equal(square(picture, PLAIN), picture)


def test_a_black_border_changes_nothing():
    picture = draw(Phantom(seed=4, noise=0, size=180)).pixels.copy()
    picture[90, 90] = 255
    bordered = cv2.copyMakeBorder(picture, 9, 20, 31, 2, cv2.BORDER_CONSTANT, value=0)
    for spec in (PreprocessingSpec("unit"), PreprocessingSpec("caffe", fit="stretch", intensity="none")):
        plain, padded = head_box(picture), head_box(bordered)
        assert np.abs(np.subtract(_corners(padded), _corners(plain)) - [9, 31, 9, 31]).max() <= 1
        difference = prepare(scan_of(bordered), spec) - prepare(scan_of(picture), spec)
        assert np.abs(difference).mean() < 0.02 * (1 if spec.scaling == "unit" else 255)


def test_a_bright_frame_is_found_to_the_pixel_on_whatever_sides_it_is():
    picture = cv2.copyMakeBorder(rectangle(), 7, 0, 21, 40, cv2.BORDER_CONSTANT, value=230)
    assert frame_inside(picture) == Box(7, 21, 207, 181)
    assert frame_inside(cv2.add(rectangle(), 20)) == Box(0, 0, 200, 160)  # no frame


@pytest.mark.parametrize("colour", [255, 120])
@pytest.mark.parametrize("spec", [PreprocessingSpec("unit"), PreprocessingSpec("unit", fit="stretch")])
def test_a_bright_frame_changes_not_one_value(colour, spec):
    framed = cv2.copyMakeBorder(rectangle(), 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=colour)
    np.testing.assert_array_equal(prepare(scan_of(framed), spec), prepare(scan_of(rectangle()), spec))
    box, plain = input_box(framed, spec), input_box(rectangle(), spec)
    assert box == Box(plain.top + 12, plain.left + 12, plain.bottom + 12, plain.right + 12)


def test_a_frame_blurred_by_compression_hardly_changes_the_input():
    picture = draw(Phantom(seed=4, size=180)).grey
    framed = cv2.copyMakeBorder(picture, 11, 11, 11, 11, cv2.BORDER_CONSTANT, value=255)
    read = cv2.imdecode(cv2.imencode(".jpg", framed, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)
    plain = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_GRAYSCALE)
    spec = PreprocessingSpec("unit")
    assert np.abs(prepare(scan_of(read), spec) - prepare(scan_of(plain), spec)).mean() < 0.03


def test_a_scan_on_a_white_ground_and_an_even_picture_have_no_frame():
    assert frame_inside(rectangle(inside=0, outside=255)) == Box(0, 0, 200, 160)
    assert frame_inside(np.full((50, 60), 200, np.uint8)) == Box(0, 0, 50, 60)


def test_what_is_mostly_white_is_no_frame():  # a head of a third of the side, on black, on a white page
    page = cv2.copyMakeBorder(rectangle(), 200, 200, 200, 200, cv2.BORDER_CONSTANT, value=255)
    assert frame_inside(page) == Box(0, 0, 600, 560)


def test_without_crop_a_frame_stays():
    framed = cv2.copyMakeBorder(rectangle(20, 20, 40, 40, (60, 60)), 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=255)
    np.testing.assert_array_equal(square(framed, PLAIN), framed)


def test_a_black_border_round_a_rectangle_changes_not_one_value():
    bordered = cv2.copyMakeBorder(rectangle(), 7, 30, 21, 40, cv2.BORDER_CONSTANT, value=0)
    spec = PreprocessingSpec("unit")
    np.testing.assert_array_equal(prepare(scan_of(bordered), spec), prepare(scan_of(rectangle()), spec))


def _corners(box: Box) -> tuple[int, ...]:
    return box.top, box.left, box.bottom, box.right


def test_percentiles_are_mapped_to_the_full_range():
    picture = np.full((64, 64), 40, np.uint8)
    picture[:, 32:] = 200
    picture[20:24, 10:14] = 100
    spec = PreprocessingSpec("unit", crop="none", fit="stretch", size=64)
    result = square(picture, spec)  # 40 and 200 are the 1st and 99th percentile: (x - 40) * 255 / 160
    assert (result[0, 0], result[0, 63], result[21, 11]) == (0, 255, 96)  # 60 * 255 / 160 = 95.6
    assert set(np.unique(result)) == {0, 96, 255}


def test_the_1st_and_the_99th_percentile_are_the_ends_of_the_range():
    picture = np.full((200, 200), 120, np.uint8)
    picture[:, :3], picture[:, -3:] = 100, 140  # 1.5 % each, and too faint for a head: the whole picture counts
    result = square(picture, PreprocessingSpec("unit", crop="none", fit="stretch", size=200))
    assert (result[0, 0], result[0, 100], result[0, -1]) == (0, 128, 255)


def test_the_padding_is_mapped_like_the_background():
    picture = rectangle(0, 4, 200, 96, shape=(200, 100), inside=20, outside=230)
    result = square(picture, PreprocessingSpec("unit", size=200))
    assert set(np.unique(result[:, :54])) == {255}
    assert set(np.unique(result[:, 54:146])) == {0}


def test_values_beyond_the_percentiles_are_clipped():
    picture = np.full((64, 64), 40, np.uint8)
    picture[:, 32:] = 200
    picture[30, 5], picture[30, 60] = 0, 255  # one pixel in 4096 each
    result = square(picture, PreprocessingSpec("unit", crop="none", fit="stretch", size=64))
    assert (result[30, 5], result[30, 60]) == (0, 255)
    assert (result[0, 0], result[0, 63]) == (0, 255)


def test_percentile_intensity_undoes_brightness_and_contrast():
    pixels = draw(Phantom(seed=2)).pixels
    dimmed = (pixels * 0.5).round().astype(np.uint8)
    spec = PreprocessingSpec("unit")
    difference = np.abs(prepare(scan_of(dimmed), spec) - prepare(scan_of(pixels), spec)).mean()
    plain = PreprocessingSpec("unit", intensity="none")
    untouched = np.abs(prepare(scan_of(dimmed), plain) - prepare(scan_of(pixels), plain)).mean()
    assert difference < 0.02 and untouched > 0.08


def test_unit_scaling_is_rgb_over_255():
    grey = np.array([[0, 51], [102, 255]], np.uint8)
    result = scale(grey, "unit")
    assert result.shape == (2, 2, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result, np.repeat([[[0], [0.2]], [[0.4], [1]]], 3, axis=-1), rtol=1e-6)


def test_caffe_scaling_is_what_keras_does():
    resnet = pytest.importorskip("keras").applications.resnet
    grey = np.random.default_rng(0).integers(0, 256, (5, 6, 7)).astype(np.uint8)
    expected = resnet.preprocess_input(np.repeat(grey[..., None], 3, axis=-1).astype(np.float32))
    result = scale(grey, "caffe")
    np.testing.assert_allclose(result, expected, atol=1e-4)
    np.testing.assert_allclose(scale(np.zeros((1, 1)), "caffe")[0, 0], -np.array(IMAGENET_MEAN_BGR), rtol=1e-6)


def test_prepare_is_the_same_alone_and_in_a_batch(normal_scan, lesion_phantom):
    spec = PreprocessingSpec("caffe")
    scans = [normal_scan, draw(lesion_phantom)]
    batch = prepare_batch(scans, spec)
    assert batch.shape == (2, 224, 224, 3) and batch.dtype == np.float32
    for one, scan in zip(batch, scans, strict=True):
        np.testing.assert_array_equal(one, prepare(scan, spec))
    assert prepare_batch([], spec).shape == (0, 224, 224, 3)


def test_colour_and_grey_files_of_one_picture_give_one_input(normal_scan):
    coloured = Scan(normal_scan.rgb.copy(), "a.png", "PNG", "1" * 64)
    spec = PreprocessingSpec("unit")
    np.testing.assert_array_equal(prepare(coloured, spec), prepare(normal_scan, spec))


def test_the_scan_is_not_changed(normal_scan):
    before = normal_scan.pixels.copy()
    prepare(normal_scan, PreprocessingSpec("unit"))
    np.testing.assert_array_equal(normal_scan.pixels, before)


@pytest.mark.parametrize("setting", ["scaling", "crop", "fit", "intensity"])
def test_an_unknown_setting_is_refused(setting):
    with pytest.raises(ConfigError, match="expected one of .* Received: 'other'"):
        PreprocessingSpec(**{"scaling": "unit", setting: "other"})


def test_a_specification_survives_json():
    spec = PreprocessingSpec("caffe", crop="none", size=96)
    assert PreprocessingSpec(**spec.to_json()) == spec


def test_a_heatmap_is_laid_back_onto_the_place_that_the_model_saw():
    """A blob in the scan, seen in the model's square, comes back to its own place through the box."""
    picture = rectangle(inside=80)
    picture[60:70, 70:80] = 255
    spec = PreprocessingSpec("unit", intensity="none")
    seen = (square(picture, spec) > 200).astype(np.float32)
    placed = overlay.place(seen, input_box(picture, spec), *picture.shape)
    assert placed.shape == picture.shape
    y, x = np.argwhere(placed > 0.5).mean(axis=0)
    assert (y, x) == (pytest.approx(64.5, abs=0.7), pytest.approx(74.5, abs=0.7))
    assert (placed > 0.5).sum() == pytest.approx(100, rel=0.15)


def test_a_heatmap_on_the_padding_is_cut_off_and_the_rest_of_the_scan_is_cold():
    box = Box(20, -10, 60, 30)  # 40 x 40, of which ten columns are padding
    placed = overlay.place(np.ones((7, 7), np.float32), box, 100, 50)
    expected = np.zeros((100, 50), bool)
    expected[20:60, 0:30] = True
    np.testing.assert_array_equal(placed > 0.5, expected)
