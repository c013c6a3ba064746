"""Copies of a picture fall into one group, other pictures do not."""

import cv2
import numpy as np
import pytest

from brain_core.datasets.duplicates import near_duplicate_groups, thumbnail
from brain_core.datasets.index import load_dataset
from brain_core.preprocessing import head_box
from brain_core.scans import Scan, read_bytes
from brain_core.scans.phantom import Phantom, draw, random_phantom


def scan_of(pixels, sha256: str) -> Scan:
    return Scan(np.ascontiguousarray(pixels, np.uint8), "a.png", "PNG", sha256)


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(lambda x: cv2.resize(x, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), id="smaller"),
        pytest.param(lambda x: cv2.resize(x, None, fx=1.9, fy=1.9), id="larger"),
        pytest.param(lambda x: cv2.resize(x, (224, 180)), id="another aspect ratio"),
        pytest.param(lambda x: x[8:-5, 12:-6], id="cropped border"),
        pytest.param(lambda x: cv2.copyMakeBorder(x, 60, 10, 5, 40, cv2.BORDER_CONSTANT, value=3), id="wider border"),
        pytest.param(lambda x: cv2.convertScaleAbs(x, alpha=0.7, beta=10), id="contrast"),
        pytest.param(lambda x: cv2.GaussianBlur(x, (0, 0), 1.2), id="blurred"),
        pytest.param(lambda x: np.stack([x] * 3, axis=-1), id="as RGB"),
    ],
)
def test_a_changed_copy_is_of_the_same_group(copy):
    originals = [draw(Phantom(seed=seed)) for seed in (1, 2, 3)]
    copies = [scan_of(copy(scan.pixels), f"copy {i}") for i, scan in enumerate(originals)]
    np.testing.assert_array_equal(near_duplicate_groups([*originals, *copies]), [0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("quality", [20, 60])
def test_a_recompressed_copy_is_of_the_same_group(encode, quality):
    original, other = draw(Phantom(seed=1)), draw(Phantom(seed=2))
    copy = read_bytes(encode(original.pixels, "JPEG", quality=quality), "copy.jpg")
    assert copy.sha256 != original.sha256
    np.testing.assert_array_equal(near_duplicate_groups([original, other, copy]), [0, 1, 0])


def test_distinct_phantoms_are_of_groups_of_their_own():
    scans = [draw(random_phantom(seed, lesion=seed % 2 == 0, size=128)) for seed in range(40)]
    np.testing.assert_array_equal(near_duplicate_groups(scans), np.arange(40))


def test_byte_identical_files_are_of_one_group_at_any_threshold():
    scans = [draw(Phantom(seed=seed)) for seed in (1, 2, 1)]
    np.testing.assert_array_equal(near_duplicate_groups(scans, threshold=2.0), [0, 1, 0])
    featureless = [scan_of(np.full((50, 50), 9), sha) for sha in ("a", "b", "a")]  # no correlation to go by
    np.testing.assert_array_equal(near_duplicate_groups(featureless), [0, 1, 0])


def test_groups_are_closed_under_being_a_copy_of_a_copy():
    textures = np.random.default_rng(0).uniform(80, 250, (2, 8, 8))
    base, other = (np.pad(np.kron(texture, np.ones((16, 16))), 20) for texture in textures)
    blends = [scan_of((1 - share) * base + share * other, str(share)) for share in np.linspace(0, 1, 15)]
    ends = [blends[0], blends[-1]]
    assert len(set(near_duplicate_groups(ends))) == 2
    assert len(set(near_duplicate_groups(blends))) == 1


def test_the_threshold_decides():
    scans = [draw(Phantom(seed=seed)) for seed in (1, 2)]
    correlation = float(thumbnail(scans[0].grey) @ thumbnail(scans[1].grey))
    assert len(set(near_duplicate_groups(scans, correlation + 0.01))) == 2
    assert len(set(near_duplicate_groups(scans, correlation - 0.01))) == 1


def test_a_thumbnail_is_a_unit_vector_without_mean(normal_scan):
    vector = thumbnail(normal_scan.grey)
    assert vector.shape == (1024,) and vector.dtype == np.float32
    assert vector.mean() == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_closing_bridges_the_gap_between_brain_and_skull():
    y, x = np.mgrid[:256, :256]
    radius = np.hypot(x - 128, y - 128)
    parted = np.where((radius < 110) & ~((radius > 88) & (radius < 94)), 150, 0).astype(np.uint8)
    alone, whole = head_box(parted), head_box(parted, closing=9)
    assert 170 < alone.width < 200  # the brain, twice 88, and a margin
    assert 215 < whole.width < 245  # the head, twice 110, and a margin


def test_no_scans_give_no_groups():
    assert near_duplicate_groups([]).shape == (0,)


def test_the_copies_in_the_real_data_set_are_found(data_dir):
    dataset = load_dataset(data_dir / "navoneel")
    groups = near_duplicate_groups(dataset.scans)
    assert len(dataset.scans) == 253
    assert 200 <= len(set(groups)) <= 208  # about 204 distinct pictures
    labels = np.array(dataset.labels)
    assert all(len(set(labels[groups == group])) == 1 for group in set(groups))
