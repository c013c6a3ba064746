"""Changes to a scan: each step by hand, their order, what stays the same, and places before and after."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from brain_core.errors import ConfigError
from brain_core.scans import Scan
from brain_core.scans.phantom import Phantom, draw
from brain_core.teaching import changes
from brain_core.teaching.changes import Changes, apply
from brain_core.teaching.planted import NOTE, Blob, background

SMALL = np.arange(6, dtype=np.uint8).reshape(2, 3)  # 0 1 2 / 3 4 5


@pytest.fixture(scope="module")
def scan() -> Scan:
    return draw(Phantom(seed=2, size=128))


@pytest.fixture(scope="module")
def wide() -> Scan:
    """Not square, in colour, with millimetres."""
    pixels = draw(Phantom(seed=2, size=128)).rgb[20:100]
    return Scan(pixels.copy(), "wide.png", "PNG", "ab" * 32, spacing=(0.5, 1.0))


@pytest.mark.parametrize(
    "nothing",
    [Changes(), Changes(patch=0.5), Changes(rotation=360.0), Changes(blob=Blob(0.01, 0.01, radius=0.01))],
    ids=["default", "patch size alone", "a full turn", "a lesion outside the head"],
)
def test_nothing_done_is_the_very_scan(scan, nothing):
    assert apply(scan, nothing) is scan


def test_mirroring():
    assert changes.mirror(SMALL).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert (changes.mirror(changes.mirror(SMALL)) == SMALL).all()


@pytest.mark.parametrize(
    ("degrees", "turned"),
    [
        (0, [[0, 1, 2], [3, 4, 5]]),
        (90, [[2, 5], [1, 4], [0, 3]]),
        (-180, [[5, 4, 3], [2, 1, 0]]),
        (270, [[3, 0], [4, 1], [5, 2]]),
        (-90, [[3, 0], [4, 1], [5, 2]]),
    ],
)
def test_quarter_turns_are_exact(degrees, turned):
    assert changes.rotate(SMALL, degrees).tolist() == turned


def test_other_turns_cut_nothing_off_and_fill_with_the_background():
    pixels = np.full((60, 100), 40, np.uint8)
    pixels[20:40, 30:70] = 200
    found = changes.rotate(pixels, 30)
    # 60 cos 30 + 100 sin 30 = 101.96; 60 sin 30 + 100 cos 30 = 116.6
    assert found.shape == changes.turned_size(60, 100, 30) == (102, 117)
    assert found[0, 0] == found[-1, -1] == 40 and found[51, 58] == 200
    assert (found > 120).sum() == pytest.approx(20 * 40, rel=0.03)


def test_almost_a_quarter_turn_is_like_one(scan):
    almost, exact = changes.rotate(scan.pixels, 90.001), changes.rotate(scan.pixels, 90)
    inside = almost[: exact.shape[0], : exact.shape[1]].astype(int)
    assert np.abs(inside - exact).mean() < 12  # half a pixel aside


def test_brightness_and_its_ends():
    assert changes.brighten(np.array([[0, 100, 250]], np.uint8), 0.1).tolist() == [[26, 126, 255]]
    assert changes.brighten(np.array([[0, 100, 250]], np.uint8), -0.2).tolist() == [[0, 49, 199]]


def test_gamma():
    found = changes.with_gamma(np.array([[0, 64, 255]], np.uint8), 0.5)
    assert found.tolist() == [[0, 128, 255]]  # 255 * sqrt(64 / 255) = 127.7
    assert changes.with_gamma(SMALL, 1).tolist() == SMALL.tolist()


def test_a_covered_patch_holds_the_background():
    pixels = np.full((20, 40), 9, np.uint8)
    pixels[5:15, 10:30] = 200
    found = changes.cover(pixels, ((0.5, 0.5),), 0.2)
    assert (found[8:12, 18:22] == 9).all()
    assert (found != pixels).sum() == 16  # a side of 0.2 * 20 pixels
    assert changes.cover(pixels, (), 0.2) is pixels
    assert (pixels[8:12, 18:22] == 200).all()


def test_a_patch_at_the_corner_of_a_colour_picture(wide):
    found = changes.cover(wide.pixels, ((0.0, 1.0),), 0.5)
    assert (found[60:, :20] == background(wide.pixels)).all() and background(wide.pixels).shape == (3,)
    assert (found[:60] == wide.pixels[:60]).all() and (found[:, 20:] == wide.pixels[:, 20:]).all()


@pytest.mark.parametrize("name", ["scan", "wide"])
def test_the_best_jpeg_is_nearly_the_same_and_the_worst_is_not(name, request):
    pixels = request.getfixturevalue(name).pixels
    best, worst = (np.abs(changes.compress(pixels, q).astype(int) - pixels).mean() for q in (100, 2))
    assert best < 1 and worst > 8
    assert changes.compress(pixels, 50).shape == pixels.shape


def test_the_original_is_untouched_and_the_new_one_tells_what_was_done(scan):
    before = scan.pixels.copy()
    found = apply(scan, Changes(Blob(0.6, 0.4), ((0.5, 0.5), (0.4, 0.4)), 0.1, True, 90.0, 0.1, 0.8, 50))
    assert (scan.pixels == before).all()
    assert found.sha256 == hashlib.sha256(found.pixels.tobytes()).hexdigest() != scan.sha256
    assert found.notes == (
        *scan.notes,
        NOTE,
        "2 patches were covered.",
        "The picture was mirrored.",
        "It was turned by 90 degrees counter-clockwise.",
        "Its brightness was changed by +10%.",
        "Its grey values have a gamma of 0.8.",
        "It was saved as JPEG of quality 50.",
    )


def test_a_note_of_a_lesion_that_is_not_there_is_not_made(scan):
    found = apply(scan, Changes(Blob(0.01, 0.01, radius=0.01), mirrored=True))
    assert found.notes == (*scan.notes, "The picture was mirrored.")


def test_the_lesion_is_mirrored_and_turned_with_the_head(scan):
    blob = Blob(0.6, 0.4)
    planted = apply(scan, Changes(blob)).pixels
    found = apply(scan, Changes(blob, mirrored=True, rotation=90.0)).pixels
    assert (found == np.rot90(planted[:, ::-1])).all()


def test_brightness_before_gamma(scan):
    found = apply(scan, Changes(brightness=0.1, gamma=0.5)).pixels
    assert (found == changes.with_gamma(changes.brighten(scan.pixels, 0.1), 0.5)).all()


def test_millimetres_are_kept_where_rows_stay_rows(wide):
    assert apply(wide, Changes(mirrored=True)).spacing == (0.5, 1.0)
    assert apply(wide, Changes(rotation=180.0)).spacing == (0.5, 1.0)
    assert apply(wide, Changes(rotation=90.0)).spacing is None


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (Changes(), (0.25, 0.4)),
        (Changes(mirrored=True), (0.75, 0.4)),
        (Changes(rotation=90.0), (0.4, 0.75)),
        (Changes(mirrored=True, rotation=-90.0), (0.6, 0.75)),
    ],
)
def test_where_a_place_goes(made, shown):
    assert changes.shown_place(made, (0.25, 0.4), 80, 128) == pytest.approx(shown)


@pytest.mark.parametrize("made", [Changes(mirrored=True, rotation=33.0), Changes(rotation=-120.0), Changes()])
def test_a_place_and_back(made):
    shown = changes.shown_place(made, (0.3, 0.8), 80, 128)
    assert changes.place_in_scan(made, shown, 80, 128) == pytest.approx((0.3, 0.8))


def test_a_bright_point_goes_where_its_place_goes():
    pixels, made = np.zeros((80, 128), np.uint8), Changes(mirrored=True, rotation=33.0)
    pixels[31:34, 37:40] = 255
    found = apply(Scan(pixels, "x", "PNG", "ab" * 32), made).pixels
    y, x = np.unravel_index(int(found.argmax()), found.shape)
    wanted = changes.shown_place(made, (38.5 / 128, 32.5 / 80), 80, 128)
    assert ((x + 0.5) / found.shape[1], (y + 0.5) / found.shape[0]) == pytest.approx(wanted, abs=0.015)


def test_a_click_beside_the_scan_means_its_edge():
    assert changes.place_in_scan(Changes(rotation=45.0), (0.0, 0.5), 100, 100) == pytest.approx((0.0, 0.0), abs=0.01)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"patch": 0}, "a side above 0 and up to 1.*Received: side 0"),
        ({"covered": ((0.5, 1.5),)}, r"centres in 0..1. Received: .*\(0.5, 1.5\)"),
        ({"gamma": 0}, "a gamma above 0.*Received: .*gamma 0"),
        ({"brightness": 2}, "brightness in -1..1.*Received: brightness 2"),
        ({"rotation": float("inf")}, "Received: .*rotation inf"),
        ({"jpeg_quality": 0}, "JPEG quality in 1..100. Received: 0"),
    ],
)
def test_what_makes_no_sense_is_named(values, told):
    with pytest.raises(ConfigError, match=told):
        Changes(**values)
