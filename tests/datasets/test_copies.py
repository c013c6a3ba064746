"""Copies are found however they were turned; other heads are no copies."""

import cv2
import numpy as np
import pytest

from brain_core.datasets import copies
from brain_core.datasets.copies import copies_of, without_copies
from brain_core.datasets.index import load_dataset
from brain_core.scans import Scan
from brain_core.scans.phantom import draw, random_phantom
from tests.helpers import textured


def scan_of(pixels: np.ndarray) -> Scan:
    return Scan(np.ascontiguousarray(pixels), "a.png", "PNG", str(hash(pixels.tobytes())))


def turned(pixels: np.ndarray, degrees: float, scale: float = 1.0) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((130, 130), degrees, scale)
    return cv2.warpAffine(cv2.copyMakeBorder(pixels, 20, 20, 30, 30, cv2.BORDER_CONSTANT), matrix, (260, 260))


@pytest.mark.parametrize(
    "copy",
    [
        pytest.param(lambda x: x, id="as it is"),
        pytest.param(lambda x: turned(x, 12), id="turned a little"),
        pytest.param(lambda x: turned(x, 90, 0.8), id="turned and smaller"),
        pytest.param(lambda x: x[:, ::-1], id="mirrored"),
        pytest.param(lambda x: turned(x[::-1], -25), id="upside down and turned"),
        pytest.param(lambda x: x[25:190, 30:165], id="cropped"),
        pytest.param(lambda x: cv2.convertScaleAbs(x, alpha=0.6, beta=20), id="contrast"),
    ],
)
def test_a_turned_copy_is_found_and_the_scans_beside_it_are_not(copy):
    scans = [scan_of(textured(7)), scan_of(copy(textured(1))), scan_of(textured(8))]
    np.testing.assert_array_equal(copies_of(scans, [scan_of(textured(s)) for s in (0, 1, 2)]), [False, True, False])


def test_phantoms_of_other_seeds_are_no_copies():
    scans = [draw(random_phantom(seed, lesion=seed % 2 == 0, size=160)) for seed in range(12)]
    np.testing.assert_array_equal(copies_of(scans[:6], scans[6:]), [False] * 6)


def test_nothing_is_a_copy_of_nothing_and_a_flat_picture_is_never_one():
    flat = scan_of(np.full((64, 64), 9, np.uint8))
    assert not copies_of([scan_of(textured(1)), flat], []).any()
    assert not copies_of([flat], [flat, scan_of(textured(1))]).any()


def test_progress_counts_the_scans():
    steps = []
    copies_of([scan_of(textured(1))] * 2, [scan_of(textured(2))], lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


def test_copies_of_what_is_evaluated_later_are_left_out_with_their_near_copies(tmp_path, monkeypatch):
    """The second picture is mirrored in the other set; the fourth is the second, stored anew a little brighter."""
    pictures = [textured(seed) for seed in range(3)]
    for root, shown in (("collection", [*pictures, cv2.add(pictures[1], 2)]), ("later", [pictures[1][:, ::-1]])):
        (tmp_path / root / "no").mkdir(parents=True)
        for number, picture in enumerate(shown):
            cv2.imwrite(str(tmp_path / root / "no" / f"{number}.png"), picture)
    collection, later = (load_dataset(tmp_path / root) for root in ("collection", "later"))
    left, record = without_copies(collection, later, tmp_path / "known")
    assert [item.path.name for item in left.items] == ["0.png", "2.png"]
    assert record == {"copies_of": "later", "fingerprint": later.fingerprint, "n": 2}
    monkeypatch.setattr(copies, "copies_of", None)  # what is known is not searched for again
    assert [item.path.name for item in without_copies(collection, later, tmp_path / "known")[0].items] == [
        "0.png",
        "2.png",
    ]
    assert without_copies(collection, None, tmp_path) == (collection, None)
