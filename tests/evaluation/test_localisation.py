"""Pointing game and energy by hand, and the errors of a folder of masks."""

import cv2
import numpy as np
import pytest

from brain_core.errors import DatasetError
from brain_core.evaluation.localisation import (
    CENTRE,
    RANDOM,
    Masked,
    baselines,
    energy_inside,
    hit,
    load_masked,
    localise,
)
from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.scans.phantom import Lesion, Phantom, draw, lesion_mask


def peak_at(row, column, side=256):
    heatmap = np.zeros((side, side), np.float32)
    heatmap[row, column] = 1
    return heatmap


@pytest.fixture
def mask():
    """Columns 100 to 119 of rows 100 to 119."""
    drawn = np.zeros((256, 256), bool)
    drawn[100:120, 100:120] = True
    return drawn


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (110, 110, True),
        (110, 134, True),  # 15 pixels from column 119
        (110, 135, False),
        (130, 130, False),  # 11 * sqrt(2) = 15.6 pixels from the corner
        (129, 129, True),  # 10 * sqrt(2) = 14.1
    ],
)
def test_a_peak_hits_in_the_mask_and_fifteen_pixels_around(mask, row, column, expected):
    assert hit(peak_at(row, column), mask) is expected


def test_a_flat_map_neither_hits_nor_has_energy(mask):
    flat = np.zeros((256, 256), np.float32)
    assert not hit(flat, mask)
    assert energy_inside(flat, mask) == 0


def test_energy_is_the_share_of_the_sum(mask):
    assert energy_inside(3 * peak_at(110, 110) + peak_at(0, 0), mask) == pytest.approx(0.75)
    assert energy_inside(np.ones((256, 256)), mask) == pytest.approx(400 / 256**2)


@pytest.fixture
def cases():
    """Phantoms with a large lesion in the middle of the head."""
    phantoms = [Phantom(seed=s, size=128, lesion=Lesion(centre=(0.5, 0.5), radius=0.3)) for s in range(12)]
    return [Masked(str(p.seed), draw(p), lesion_mask(p)) for p in phantoms]


def test_the_centre_finds_what_lies_in_the_centre_and_chance_does_not(cases):
    centre, chance = baselines(cases)
    assert (centre.source, chance.source) == (CENTRE, RANDOM)
    assert centre.pointing.value == 1
    assert chance.pointing.value < 0.7
    assert 0 < chance.energy.value < centre.energy.value < 1
    assert centre.n == 12 and centre.flat == 0


def test_a_model_is_measured_on_its_own_layer(cases, models_dir):
    detector = Detector(read_card("custom_cnn", models_dir))
    seen = []
    found = localise(cases, detector, lambda done, total: seen.append((done, total)))
    assert (found.source, found.layer, found.n) == ("custom_cnn", "conv3", 12)
    assert seen == [(8, 12), (12, 12)]
    assert found.pointing.low <= found.pointing.value <= found.pointing.high


def write(folder, image, mask):
    for name, picture in (("images", image), ("masks", mask)):
        (folder / name).mkdir(exist_ok=True)
        if picture is not None:
            cv2.imwrite(str(folder / name / "a.png"), picture)


def test_masked_scans_are_read_in_pairs(tmp_path, mask):
    write(tmp_path, np.eye(256, dtype=np.uint8) * 90, mask.astype(np.uint8) * 255)
    (case,) = load_masked(tmp_path)
    assert case.name == "a.png"
    assert (case.mask == mask).all()


@pytest.mark.parametrize(
    ("image", "drawn", "message"),
    [
        (np.eye(64, dtype=np.uint8) * 90, None, "a.png: no mask of that name"),
        (np.eye(64, dtype=np.uint8) * 90, np.zeros((64, 64), np.uint8), "with at least one pixel. Received: .* with 0"),
        (np.eye(64, dtype=np.uint8) * 90, np.full((32, 32), 255, np.uint8), "expected a mask of .64, 64."),
        (None, None, "no picture in images"),
    ],
)
def test_folders_that_do_not_fit_say_why(tmp_path, image, drawn, message):
    write(tmp_path, image, drawn)
    with pytest.raises(DatasetError, match=message):
        load_masked(tmp_path)


def test_a_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="expected the folders images and masks"):
        load_masked(tmp_path)
