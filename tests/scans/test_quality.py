"""Flags: none on head scans, the right one on anything else."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from brain_core.datasets.index import load_dataset
from brain_core.scans import Scan
from brain_core.scans.phantom import Phantom, draw, random_phantom
from brain_core.scans.quality import (
    COLOURED,
    DESCRIPTIONS,
    FLAT,
    NOT_BRAIN_LIKE,
    TINY,
    HeadMeasures,
    coloured_share,
    head_measures,
    quality_flags,
)

SIDE = 300


def scan_of(pixels) -> Scan:
    return Scan(np.ascontiguousarray(pixels, np.uint8), "a.png", "PNG", "0" * 64)


def smooth_noise(cells: int) -> np.ndarray:
    coarse = np.random.default_rng(cells).normal(size=(cells, cells))
    smooth = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)


def gradient() -> np.ndarray:
    return np.tile(np.linspace(0, 255, SIDE), (SIDE, 1))


def checkerboard(square: int) -> np.ndarray:
    return (np.indices((SIDE, SIDE)) // square).sum(axis=0) % 2 * 255


def text_page(paper: int, scale: float) -> np.ndarray:
    page = np.full((400, SIDE), paper, np.uint8)
    for y in range(30, 400, int(50 * scale)):
        cv2.putText(page, "Findings: unremarkable.", (15, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 255 - paper, 1)
    return page


def chest_film() -> np.ndarray:
    """Bright body to the edges of the film, two dark lungs with ribs, spine and heart."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    film = 60 + 140 * np.exp(-(((x - 0.5) / 0.45) ** 4)) * np.clip(0.4 + y, 0, 1)
    film[(y < 0.12) & (np.abs(x - 0.5) > 0.2 + 2.2 * y)] = 8  # air above the shoulders
    for centre in (0.3, 0.7):
        lung = np.hypot((x - centre) / 0.145, (y - 0.46) / 0.3) < 1
        film[lung] = 45 + 30 * np.cos(60 * y[lung]) ** 2
    film += 60 * np.exp(-(((x - 0.5) / 0.06) ** 2)) + 50 * (np.hypot(x - 0.56, y - 0.62) < 0.13)
    return np.clip(cv2.GaussianBlur(film, (0, 0), 2), 0, 255)


@pytest.mark.parametrize("seed", range(20))
def test_head_scans_get_no_flag(seed):
    scan = draw(random_phantom(seed, lesion=seed % 2 == 0))
    assert quality_flags(scan) == ()
    assert quality_flags(scan_of(scan.rgb)) == ()
    assert quality_flags(scan_of(255 - scan.pixels)) == ()  # on a white background


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(gradient(), id="gradient"),
        pytest.param(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE)), id="white noise"),
        *[pytest.param(smooth_noise(cells), id=f"smooth noise of {cells} cells") for cells in (3, 6, 12)],
        *[pytest.param(checkerboard(square), id=f"checkerboard of {square}") for square in (10, 30, 75)],
        *[pytest.param(text_page(paper, 0.5), id=f"text on {paper}") for paper in (0, 255)],
        pytest.param(text_page(255, 1.0), id="large text"),
        pytest.param(chest_film(), id="chest film"),
        pytest.param(cv2.cvtColor(load_sample_image("china.jpg"), cv2.COLOR_RGB2GRAY), id="photograph"),
    ],
)
def test_other_pictures_are_not_brain_like(picture):
    assert NOT_BRAIN_LIKE in quality_flags(scan_of(picture))


TYPICAL = HeadMeasures(corners=4, area=0.58, aspect=0.82, roundness=0.94, symmetry=0.84, contact=0.0, detail=0.25)


@pytest.mark.parametrize(
    "unusual",
    [
        {"corners": 1},
        {"area": 0.14},
        {"area": 0.97},
        {"aspect": 0.5},
        {"aspect": 1.7},
        {"roundness": 0.7},
        {"symmetry": 0.1},
        {"contact": 0.5},
        {"detail": 0.05},
        {"detail": 0.7},
    ],
)
def test_each_measure_alone_can_tell_that_it_is_no_brain(unusual):
    assert TYPICAL.brain_like
    assert not replace(TYPICAL, **unusual).brain_like


def test_the_measures_of_an_ellipse():
    picture = np.zeros((200, 200), np.uint8)
    cv2.ellipse(picture, (100, 100), (60, 80), 0, 0, 360, 200, -1)
    found = head_measures(picture)
    assert found.corners == 4
    assert found.area == pytest.approx(np.pi * 60 * 80 / 200**2, rel=0.05)
    assert found.aspect == pytest.approx(0.75, abs=0.02)
    assert found.roundness > 0.97
    assert found.symmetry > 0.98
    assert found.contact == 0


def test_a_square_is_less_round_and_a_band_touches_half_of_two_sides():
    picture = np.zeros((200, 200), np.uint8)
    picture[50:150] = 200
    found = head_measures(picture)
    assert found.roundness == pytest.approx(np.pi / 4, abs=0.01)
    assert found.contact == pytest.approx(0.25, abs=0.02)
    assert found.aspect == pytest.approx(2, abs=0.1)


def test_a_picture_of_nothing_is_flat_and_not_brain_like():
    picture = np.full((SIDE, SIDE), 100)
    picture[0, 0] = 101
    assert quality_flags(scan_of(picture)) == (FLAT, NOT_BRAIN_LIKE)
    assert head_measures(scan_of(picture).grey) is None


def test_a_tiny_head_scan_is_tiny_only():
    pixels = draw(Phantom(seed=1)).pixels
    for side, flags in ((99, (TINY,)), (100, ())):
        assert quality_flags(scan_of(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA))) == flags


def test_a_head_in_a_corner_of_a_large_picture_is_too_small():
    canvas = np.zeros((1000, 1000))
    canvas[:256, :256] = draw(Phantom(seed=1, noise=0)).pixels
    assert quality_flags(scan_of(canvas)) == (NOT_BRAIN_LIKE,)


@pytest.mark.parametrize(("width", "height"), [(160, 500), (500, 160)])
def test_a_head_squeezed_out_of_shape_is_not_brain_like(width, height):
    pixels = cv2.resize(draw(Phantom(seed=1)).pixels, (width, height))
    assert NOT_BRAIN_LIKE in quality_flags(scan_of(pixels))


def test_a_colour_map_is_coloured_and_a_coloured_caption_is_not():
    scan = draw(Phantom(seed=1))
    mapped = cv2.cvtColor(cv2.applyColorMap(scan.pixels, cv2.COLORMAP_JET), cv2.COLOR_BGR2RGB)
    assert COLOURED in quality_flags(scan_of(mapped))
    captioned = scan.rgb.copy()
    cv2.putText(captioned, "R  2024", (5, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 0), 2)
    assert 0 < coloured_share(captioned) < 0.05
    assert quality_flags(scan_of(captioned)) == ()


def test_the_coloured_share_is_counted_by_pixel():
    pixels = np.full((10, 10, 3), 100, np.uint8)
    pixels[:3, :, 0] = 131  # 31 above the others
    pixels[3:, :, 2] = 130  # 30 above: still grey
    assert coloured_share(pixels) == pytest.approx(0.3)
    assert coloured_share(pixels[..., 0]) == 0


def test_flags_do_not_depend_on_the_scale_of_the_picture():
    pixels = draw(Phantom(seed=2)).pixels
    for factor in (0.5, 2, 4):
        assert quality_flags(scan_of(cv2.resize(pixels, None, fx=factor, fy=factor))) == ()


@pytest.mark.parametrize("shape", [(16, 16), (16, 20_000), (20_000, 16)])
def test_every_readable_shape_is_measured(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape)
    assert TINY in quality_flags(scan_of(picture))


def test_every_flag_has_a_sentence_to_show():
    assert set(DESCRIPTIONS) == {TINY, FLAT, COLOURED, NOT_BRAIN_LIKE}
    assert all(text.endswith(".") for text in DESCRIPTIONS.values())


def test_false_alarms_on_real_scans_stay_rare(data_dir):
    scans = load_dataset(data_dir / "navoneel").scans
    flagged = [quality_flags(scan) for scan in scans]
    assert np.mean([NOT_BRAIN_LIKE in flags for flags in flagged]) <= 0.05
    assert not any(code in flags for flags in flagged for code in (FLAT, COLOURED, TINY))
