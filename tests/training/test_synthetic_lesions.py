"""Lesions painted into healthy scans: inside the head, where the mask says, and nowhere far from it."""

import numpy as np
import pytest

from brain_core.scans.phantom import Phantom, draw
from brain_core.training.augmentation import augment_strongly, augment_strongly_with_mask
from brain_core.training.synthetic_lesions import MAX_RADIUS, insert_lesion


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return draw(Phantom(seed=2, size=224)).pixels


@pytest.mark.parametrize("seed", range(25))
def test_a_lesion_changes_the_picture_where_its_mask_is(picture, seed):
    changed, mask = insert_lesion(picture, np.random.default_rng(seed))
    assert changed.shape == mask.shape == picture.shape
    assert changed.dtype == mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    difference = np.abs(changed.astype(int) - picture)
    assert difference[mask > 0].mean() > 1.5 * difference[mask == 0].mean()  # around it, oedema and displaced tissue
    assert 0.001 < (mask > 0).mean() < np.pi * (2.5 * MAX_RADIUS) ** 2


@pytest.mark.parametrize("seed", range(10))
def test_the_background_is_never_painted_on(picture, seed):
    _, mask = insert_lesion(picture, np.random.default_rng(seed))
    assert not mask[:6].any() and not mask[-6:].any() and not mask[:6, :6].any()


def test_the_same_generator_state_paints_the_same_lesion(picture):
    first, second = (insert_lesion(picture, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_a_picture_without_a_head_is_no_error():
    changed, mask = insert_lesion(np.zeros((128, 128), np.uint8), np.random.default_rng(0))
    assert not mask.any() and changed.shape == (128, 128)


def test_a_mask_moves_with_its_picture():
    """A white disc on black is its own mask: after any change of place, both still cover the same pixels."""
    y, x = np.mgrid[:224, :224]
    disc = np.where((x - 90) ** 2 + (y - 120) ** 2 < 40**2, 255, 0).astype(np.uint8)
    overlaps = []
    for seed in range(30):
        view, mask = augment_strongly_with_mask(disc, disc, 128, np.random.default_rng(seed))
        middle = (int(view.max()) + int(view.min())) / 2
        bright = view > middle if np.median(view[mask > 0]) > middle else view < middle
        overlaps.append((bright & (mask > 127)).sum() / (bright | (mask > 127)).sum())
        np.testing.assert_array_equal(view, augment_strongly(disc, 128, np.random.default_rng(seed)))
    assert np.median(overlaps) > 0.9
