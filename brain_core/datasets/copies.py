"""Copies that were turned, mirrored, tilted or cropped: pictures that a comparison of thumbnails does not find.

Public collections overlap, and some were enlarged by such copies before they were published. A network that learned
from a turned copy of a test scan, label included, has seen the test. Local features (SIFT, Lowe 2004,
doi:10.1023/B:VISI.0000029664.99615.94) are found again under turning and scaling; mirroring is tried as well. Two
pictures are copies when enough of their features agree on one similarity transform (RANSAC).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.files import write_json
from brain_core.preprocessing import head_box
from brain_core.scans import Scan

SIDE = 224  # pixels: longer side of the head as it is compared
FEATURES = 500  # a picture, the strongest first
AGREEING = 12  # features that share one transform; of unrelated heads hardly ever more than 8 do
RATIO = 0.8  # Lowe's: of the distances to the nearest feature and to the next
TOLERANCE = 3.0  # pixels
SCALES = 1.6  # how much larger or smaller a copy can be, both heads being of one size
CANDIDATES = 5  # reference pictures looked at closely for each scan
_TREES, _CHECKS = 4, 32  # of the approximate nearest-neighbour search
_FLANN_KDTREE = 1
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class _Features:
    """Of one picture: float32 places (K, 2) and descriptors (K, 128)."""

    places: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.places)


def copies_of(
    scans: Sequence[Scan], reference: Sequence[Scan], progress: Progress = lambda done, total: None
) -> np.ndarray:
    """Which scans are copies of a reference scan, however turned, mirrored, scaled or cropped.

    Another slice of the same head can count as a copy as well, which errs on the safe side.

    Args:
        progress: called with (scans done, scans).

    Returns:
        bool (N,).
    """
    known = [_features(view) for scan in reference for view in _both_ways(_head(scan))]
    found = np.zeros(len(scans), bool)
    if not known:
        return found
    cv2.setRNGSeed(0)  # of RANSAC and of the search trees
    owner = np.concatenate([np.full(len(each), number) for number, each in enumerate(known)])
    index = cv2.FlannBasedMatcher({"algorithm": _FLANN_KDTREE, "trees": _TREES}, {"checks": _CHECKS})
    index.add([np.concatenate([each.descriptors for each in known])])
    for i, scan in enumerate(scans):
        features = _features(_head(scan))
        found[i] = any(agreeing(features, known[c]) >= AGREEING for c in _candidates(features, index, owner))
        progress(i + 1, len(scans))
    return found


def without_copies(
    dataset: Dataset, other: Dataset | None, known: Path, progress: Progress = lambda done, total: None
) -> tuple[Dataset, dict | None]:
    """The data set without what ``other`` holds as well, and without near-copies of that.

    Args:
        other: None leaves nothing out.
        known: folder of answers, by the content of both sets: the search takes minutes, and every run asks for it.
        progress: called with (scans done, scans) where there is no answer yet.

    Returns:
        What is left, and a record of it.
    """
    if other is None:
        return dataset, None
    groups = near_duplicate_groups(dataset.scans)
    copies = np.isin(groups, groups[_known_copies(dataset, other, known, progress)])
    record = {"copies_of": other.root.name, "fingerprint": other.fingerprint, "n": int(copies.sum())}
    return dataset.subset(np.flatnonzero(~copies)), record


def _known_copies(dataset: Dataset, other: Dataset, known: Path, progress: Progress) -> np.ndarray:
    """bool (N,)."""
    path = known / f"{dataset.fingerprint[:16]}-{other.fingerprint[:16]}.json"
    if not path.is_file():
        found = copies_of(dataset.scans, other.scans, progress)
        write_json(path, sorted({scan.sha256 for scan, copy in zip(dataset.scans, found, strict=True) if copy}))
    listed = set(json.loads(path.read_text()))
    return np.array([scan.sha256 in listed for scan in dataset.scans])


def _candidates(features: _Features, index, owner: np.ndarray) -> list[int]:
    """The reference pictures that hold most of the features' nearest neighbours, the likeliest first."""
    if len(features) < AGREEING or len(owner) < AGREEING:
        return []
    votes = np.bincount([owner[match.trainIdx] for match in index.match(features.descriptors)])
    return np.argsort(-votes, kind="stable")[:CANDIDATES].tolist()


def agreeing(a: _Features, b: _Features) -> int:
    """How many features of ``a`` are found in ``b`` under one similarity transform."""
    if min(len(a), len(b)) < AGREEING:
        return 0
    pairs = cv2.BFMatcher().knnMatch(a.descriptors, b.descriptors, k=2)
    near = [first for first, second in pairs if first.distance < RATIO * second.distance]
    once = {match.trainIdx: match for match in sorted(near, key=lambda match: -match.distance)}.values()
    if len(once) < AGREEING:
        return 0
    source = a.places[[match.queryIdx for match in once]]
    target = b.places[[match.trainIdx for match in once]]
    transform, inliers = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=TOLERANCE)
    if transform is None or not 1 / SCALES < float(np.hypot(*transform[:, 0][:2])) < SCALES:
        return 0  # many places in one: no picture of the other
    return len({tuple(place) for place in source[inliers[:, 0] > 0].round().tolist()})


def _head(scan: Scan) -> np.ndarray:
    """uint8, the head alone, its longer side `SIDE` pixels."""
    box = head_box(scan.grey)
    head = scan.grey[box.top : box.bottom, box.left : box.right]
    factor = SIDE / max(head.shape)
    size = (max(1, round(head.shape[1] * factor)), max(1, round(head.shape[0] * factor)))
    return cv2.resize(head, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)


def _both_ways(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return picture, np.ascontiguousarray(picture[:, ::-1])


def _features(picture: np.ndarray) -> _Features:
    points, descriptors = cv2.SIFT_create(FEATURES, contrastThreshold=0.02).detectAndCompute(picture, None)
    places = np.array([point.pt for point in points], np.float32).reshape(-1, 2)
    return _Features(places, np.zeros((0, 128), np.float32) if descriptors is None else descriptors)
