"""Phantoms: the same seed the same head, a lesion where it was asked for, and no two alike."""

import dataclasses

import numpy as np
import pytest

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import NO_TUMOR, TUMOR, load_dataset
from brain_core.errors import ConfigError
from brain_core.preprocessing import head_box
from brain_core.scans.phantom import NOTE, SAMPLES, Lesion, Phantom, draw, lesion_mask, random_phantom, write_dataset
from brain_core.scans.quality import quality_flags


def test_a_phantom_is_deterministic_and_every_seed_differs(lesion_phantom):
    first, again = draw(lesion_phantom), draw(lesion_phantom)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.sha256 == again.sha256
    other = draw(dataclasses.replace(lesion_phantom, seed=4))
    assert other.sha256 != first.sha256
    assert np.abs(other.pixels.astype(int) - first.pixels).mean() > 10


def test_a_phantom_says_that_it_is_one(lesion_phantom, normal_scan):
    scan = draw(lesion_phantom)
    assert (scan.name, scan.source, scan.notes) == ("synthetic-lesion-3.png", "synthetic", (NOTE,))
    assert normal_scan.name == "synthetic-normal-1.png"
    assert scan.pixels.shape == (256, 256) and scan.pixels.dtype == np.uint8


@pytest.mark.parametrize("contrast", [0.4, -0.4])
def test_the_lesion_changes_its_own_place_only(contrast):
    lesion = Lesion((0.68, 0.45), 0.2, contrast, softness=0.0)
    with_lesion = Phantom(seed=8, lesion=lesion, noise=0)
    without = dataclasses.replace(with_lesion, lesion=None)
    mask = lesion_mask(with_lesion)
    pixels, plain = draw(with_lesion).pixels.astype(int), draw(without).pixels.astype(int)
    far = np.ones_like(mask)
    y, x = np.nonzero(mask)
    far[y.min() - 4 : y.max() + 5, x.min() - 4 : x.max() + 5] = False
    np.testing.assert_array_equal(pixels[far], plain[far])
    change = np.median(pixels[mask]) - np.median(plain[mask])
    assert np.sign(change) == np.sign(contrast) and abs(change) > 50


def test_the_lesion_lies_where_it_was_asked_for():
    phantom = Phantom(seed=8, lesion=Lesion((0.75, 0.3), 0.15, 0.4))
    mask = lesion_mask(phantom)
    box = head_box(draw(phantom).grey)
    y, x = np.argwhere(mask).mean(axis=0)
    assert (x - box.left) / box.width == pytest.approx(0.75, abs=0.12)  # the head is tilted within its box
    assert (y - box.top) / box.height == pytest.approx(0.3, abs=0.12)
    mirrored = lesion_mask(dataclasses.replace(phantom, lesion=Lesion((0.25, 0.3), 0.15, 0.4)))
    assert np.argwhere(mirrored).mean(axis=0)[1] < 128 < x


def test_the_mask_grows_with_the_radius_and_the_size():
    small, large = (lesion_mask(Phantom(lesion=Lesion(radius=r))).sum() for r in (0.1, 0.2))
    assert large / small == pytest.approx(4, rel=0.05)
    double = lesion_mask(Phantom(lesion=Lesion(radius=0.2), size=512)).sum()
    assert double / large == pytest.approx(4, rel=0.05)
    assert not lesion_mask(Phantom()).any()


def test_fluid_is_dark_on_t1_and_bright_on_t2():
    t1, t2 = (draw(Phantom(seed=5, sequence=sequence, noise=0)).grey.astype(int) for sequence in ("t1", "t2"))
    fluid = (t2 > 170) & (t1 < 60)
    assert fluid.sum() > 300
    y, x = np.argwhere(fluid).mean(axis=0)
    assert 90 < y < 166 and 90 < x < 166  # ventricles and sulci, about the middle of the head


def test_the_noise_is_as_strong_as_asked_for():
    pixels = draw(Phantom(noise=0.04)).pixels / 255.0
    corner = pixels[:20, :20]  # air: the magnitude of two channels of noise has a mean of sigma sqrt(pi / 2)
    assert corner.mean() == pytest.approx(0.04 * np.sqrt(np.pi / 2), rel=0.1)
    assert (draw(Phantom(noise=0)).pixels[:20, :20] == 0).all()


@pytest.mark.parametrize("caption", SAMPLES)
def test_the_samples_pass_for_brain_scans(caption):
    assert quality_flags(draw(SAMPLES[caption])) == ()
    assert ("no lesion" in caption) == (SAMPLES[caption].lesion is None)


def test_a_data_set_holds_distinct_scans_of_both_classes(phantom_dataset):
    dataset = load_dataset(phantom_dataset)
    assert dataset.labels.count(TUMOR) == dataset.labels.count(NO_TUMOR) == 12
    assert dataset.unreadable == ()
    assert len(set(near_duplicate_groups(dataset.scans))) == 24


def test_data_sets_of_two_seeds_share_nothing(phantom_dataset, tmp_path):
    ours = load_dataset(phantom_dataset)
    theirs = load_dataset(write_dataset(tmp_path, 3, seed=1, size=128))
    assert not {scan.sha256 for scan in ours.scans} & {scan.sha256 for scan in theirs.scans}
    again = load_dataset(write_dataset(tmp_path / "again", 3, seed=1, size=128))
    assert again.fingerprint == theirs.fingerprint


def test_a_random_phantom_follows_from_its_seed():
    assert random_phantom(11, lesion=True) == random_phantom(11, lesion=True)
    assert random_phantom(11, lesion=False).lesion is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Phantom(sequence="t3"), "expected a sequence of .*'t3'"),
        (lambda: Phantom(size=10), "at least 64 pixels.*size 10"),
        (lambda: Phantom(noise=-0.1), "noise -0.1"),
        (lambda: Lesion(centre=(0.02, 0.5)), "inside the brain.*0.02"),
        (lambda: Lesion(radius=0), "radius 0"),
        (lambda: Lesion(contrast=2), "contrast 2"),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
