"""Augmentation: what each setting does, exactly where that can be said."""

import numpy as np
import pytest

from brain_core.scans.phantom import Phantom, draw
from brain_core.training.augmentation import Augmentation, augment, augment_strongly

IDENTITY = {"rotation": 0, "shift": 0, "flip": 0, "zoom": (1, 1), "brightness": (1, 1)}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def picture() -> np.ndarray:
    return draw(Phantom(seed=1, size=224)).pixels


def test_the_defaults_are_the_briefs():
    assert Augmentation() == Augmentation(15.0, 0.05, 0.5, (0.95, 1.05), (0.95, 1.05))


@pytest.mark.parametrize("seed", range(3))
def test_settings_without_range_change_nothing(picture, seed):
    np.testing.assert_array_equal(augment(picture, Augmentation(**IDENTITY), rng(seed)), picture)


def test_a_flip_is_exactly_the_mirror_image(picture):
    settings = Augmentation(**IDENTITY | {"flip": 1})
    np.testing.assert_array_equal(augment(picture, settings, rng()), picture[:, ::-1])


def test_half_of_the_pictures_are_flipped(picture):
    settings, generator = Augmentation(**IDENTITY | {"flip": 0.5}), rng()
    flipped = sum(not np.array_equal(augment(picture, settings, generator), picture) for _ in range(200))
    assert 75 < flipped < 125  # more than three standard deviations either way


def test_brightness_multiplies_and_saturates():
    ramp = np.tile(np.arange(0, 256, dtype=np.uint8), (256, 1))
    settings = Augmentation(**IDENTITY | {"brightness": (1.2, 1.2)})
    np.testing.assert_array_equal(augment(ramp, settings, rng())[0], np.minimum(np.round(np.arange(256) * 1.2), 255))


def test_zoom_magnifies_about_the_centre():
    picture = np.zeros((101, 101), np.uint8)
    picture[40:61, 40:61] = 255
    result = augment(picture, Augmentation(**IDENTITY | {"zoom": (2, 2)}), rng()) > 127
    y, x = np.argwhere(result).mean(axis=0)
    assert (y, x) == (pytest.approx(50), pytest.approx(50))
    assert result.sum() == pytest.approx(4 * 21**2, rel=0.05)


def test_a_turn_keeps_the_centre_and_the_angle_is_within_its_range():
    picture = np.zeros((201, 201), np.uint8)
    picture[98:103, 150:160] = 255  # 55 pixels right of the centre
    generator, angles = rng(), []
    for _ in range(100):
        y, x = np.argwhere(augment(picture, Augmentation(**IDENTITY | {"rotation": 15}), generator) > 127).mean(axis=0)
        assert np.hypot(y - 100, x - 100) == pytest.approx(54.5, abs=0.6)
        angles.append(np.degrees(np.arctan2(y - 100, x - 100)))
    assert -15.5 < min(angles) < -10 and 10 < max(angles) < 15.5


def test_a_shift_is_within_its_share_of_the_side():
    picture = np.zeros((200, 200), np.uint8)
    picture[95:105, 95:105] = 255
    generator = rng()
    settings = Augmentation(**IDENTITY | {"shift": 0.05})
    centres = [np.argwhere(augment(picture, settings, generator) > 127).mean(axis=0) - 99.5 for _ in range(100)]
    assert 8 < np.abs(centres).max() < 10.6
    assert np.abs(np.mean(centres, axis=0)).max() < 2.5


def test_what_moves_in_has_the_colour_of_the_corner():
    picture = np.full((100, 100), 230, np.uint8)
    assert (augment(picture, Augmentation(brightness=(1, 1)), rng()) == 230).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_same_generator_gives_the_same_picture(picture, seed):
    first, again, other = (augment(picture, Augmentation(), rng(s)) for s in (seed, seed, seed + 100))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    strong, same, third = (augment_strongly(picture, 160, rng(s)) for s in (seed, seed, seed + 100))
    np.testing.assert_array_equal(strong, same)
    assert not np.array_equal(strong, third)


def test_shape_and_type_stay_and_the_original_is_untouched(picture):
    before, generator = picture.copy(), rng()
    for _ in range(30):
        result = augment(picture, Augmentation(), generator)
        assert result.shape == (224, 224) and result.dtype == np.uint8
        strong = augment_strongly(picture, 160, generator)
        assert strong.shape == (160, 160) and strong.dtype == np.uint8
        assert strong.std() > 5
    np.testing.assert_array_equal(picture, before)


def test_augmented_scans_stay_recognisable(picture):
    """The brief's augmentation is mild: every variant or its mirror image correlates with its original."""
    generator = rng()
    for _ in range(50):
        result = augment(picture, Augmentation(), generator)
        correlations = [np.corrcoef(result.ravel(), x.ravel())[0, 1] for x in (picture, picture[:, ::-1])]
        assert max(correlations) > 0.25
