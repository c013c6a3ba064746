"""A planted lesion: hand-computed pixels, the head that it keeps to, RGB, and what cannot be drawn."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from brain_core.errors import ConfigError
from brain_core.scans import Scan
from brain_core.scans.phantom import Phantom, draw
from brain_core.teaching.planted import NOTE, Blob, background, head_mask, mask, plant


def scan_of(pixels: np.ndarray) -> Scan:
    return Scan(np.asarray(pixels, np.uint8), "x.png", "PNG", "ab" * 32, notes=("As read.",))


@pytest.fixture(scope="module")
def head() -> Scan:
    """100 x 100: a square head of grey 100 on black, from 20 to 80."""
    pixels = np.zeros((100, 100), np.uint8)
    pixels[20:80, 20:80] = 100
    return scan_of(pixels)


def test_grey_inside_and_outside(head):
    found = plant(head, Blob(0.5, 0.5, radius=0.1, contrast=0.2, softness=0)).pixels
    # The tissue's median is 100 itself, so what remains is 100 + 0.2 * 255.
    assert found[50, 50] == found[50, 41] == 151
    assert found[50, 39] == found[50, 61] == 100 and found[0, 0] == 0
    assert (found != head.pixels).sum() == mask(Blob(0.5, 0.5, radius=0.1), 100, 100).sum()


def test_four_fifths_of_the_tissue_are_covered_by_its_median(head):
    pixels = head.pixels.copy()
    pixels[50, 50] = 200
    found = plant(scan_of(pixels), Blob(0.5, 0.5, radius=0.1, contrast=-0.2, softness=0)).pixels
    assert found[50, 50] == 0.2 * 200 + 0.8 * 100 - 51
    assert found[50, 45] == 49


def test_the_edge_fades(head):
    """At 1.5 radii of an edge of one radius, half of the contrast is left."""
    found = plant(head, Blob(0.505, 0.505, radius=0.1, contrast=0.4, softness=1)).pixels
    assert found[50, 50] == 202
    assert found[50, 65] == 151
    assert found[50, 71] == 100


def test_the_mask_is_a_disk_of_the_shorter_side():
    found = mask(Blob(0.25, 0.5, radius=0.2), 50, 100)
    assert found.shape == (50, 100) and found[25, 25] and found[25, 34] and not found[25, 36]
    assert found.sum() == pytest.approx(np.pi * 10**2, rel=0.03)


def test_nothing_is_drawn_outside_the_head(head):
    found = plant(head, Blob(0.2, 0.5, radius=0.1, contrast=0.5, softness=0))
    assert (found.pixels[:, :18] == 0).all()  # the blur of two pixels belongs to the head
    assert found.pixels[50, 22] > 200
    assert plant(head, Blob(0.03, 0.03, radius=0.05)) is head


def test_where_there_is_no_head_it_is_drawn_anywhere():
    flat = scan_of(np.full((60, 60), 100))
    assert head_mask(flat.grey).all()
    assert plant(flat, Blob(0.1, 0.1, radius=0.1, contrast=0.2, softness=0)).pixels[6, 6] == 151


def test_dark_fluid_inside_the_head_belongs_to_it(head):
    pixels = head.pixels.copy()
    pixels[45:55, 45:55] = 0
    assert head_mask(pixels)[50, 50] and not head_mask(pixels)[10, 10]


def test_colours_keep_their_difference(head):
    rgb = np.stack([head.pixels, head.pixels // 2, head.pixels], axis=-1)
    found = plant(scan_of(rgb), Blob(0.5, 0.5, radius=0.1, contrast=0.2, softness=0)).pixels
    assert found.shape == rgb.shape and found[50, 50].tolist() == [151, 101, 151]


def test_the_scan_stays_as_it_is(head):
    before = head.pixels.copy()
    found = plant(head, Blob(0.5, 0.5))
    assert (head.pixels == before).all() and head.notes == ("As read.",)
    assert found.notes == ("As read.", NOTE) and found.name == head.name
    assert found.sha256 == hashlib.sha256(found.pixels.tobytes()).hexdigest() != head.sha256
    assert not found.pixels.flags.writeable


def test_a_tiny_lesion_still_shows():
    """Its radius is below a pixel: the nearest pixel still shows through its soft edge."""
    scan = draw(Phantom(seed=2, size=64))
    assert plant(scan, Blob(0.5, 0.5, radius=0.005, contrast=0.5, softness=2)).sha256 != scan.sha256


def test_background_is_that_of_most_corners():
    pixels = np.full((40, 40), 7, np.uint8)
    pixels[:2, :2] = 255
    assert background(pixels) == 7
    assert background(np.stack([pixels, pixels + 1, pixels], axis=-1)).tolist() == [7, 8, 7]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"x": 1.2}, "centre inside the picture.*Received: x 1.2, y 0.5, radius 0.1"),
        ({"radius": 0}, "radius between 0 and 1 of its shorter side. Received: .*radius 0"),
        ({"radius": float("nan")}, "radius between 0 and 1"),
        ({"contrast": -1.5}, "contrast in -1..1 and a softness of at least 0. Received: contrast -1.5"),
        ({"softness": -0.1}, "Received: contrast 0.45, softness -0.1"),
    ],
)
def test_what_makes_no_sense_is_named(values, told):
    with pytest.raises(ConfigError, match=told):
        Blob(**{"x": 0.5, "y": 0.5, "radius": 0.1} | values)
