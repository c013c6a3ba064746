"""Near-duplicate groups: which scans of a data set are copies of each other.

Public collections hold many copies: re-compressed, rescaled, re-cropped. A split by file puts copies of the training
scans into the test set. Here two scans belong to one group when small thumbnails of their heads correlate.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from brain_core.preprocessing import head_box
from brain_core.scans import Scan

THUMBNAIL = 32  # pixels
SAME_PICTURE = 0.95  # Pearson correlation of two thumbnails
CLOSINGS = (0, 9)  # of `head_box`: the brain or the head as it stands, and with gaps bridged
_BLOCK = 1024  # rows of the correlation matrix computed at once, to bound memory


def thumbnail(grey: np.ndarray, closing: int = 0) -> np.ndarray:
    """The head of a scan as a float32 vector of 32 * 32 values, zero mean and unit length.

    Args:
        grey: uint8 (height, width).
        closing: see `head_box`.
    """
    box = head_box(grey, closing=closing)
    head = grey[box.top : box.bottom, box.left : box.right]
    small = cv2.resize(head, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def near_duplicate_groups(scans: Sequence[Scan], threshold: float = SAME_PICTURE) -> np.ndarray:
    """Group number of each scan; groups are closed under 'is a near-copy of' (connected components).

    Byte-identical files are always of one group.

    Returns:
        int64 (N,), numbered 0.. in order of first appearance.
    """
    if not scans:
        return np.empty(0, np.int64)
    rows, columns = [], []
    for closing in CLOSINGS:
        vectors = np.stack([thumbnail(scan.grey, closing) for scan in scans])
        for start in range(0, len(vectors), _BLOCK):
            row, column = np.nonzero(vectors[start : start + _BLOCK] @ vectors.T > threshold)
            rows.append(row + start)
            columns.append(column)
    hashes = {}
    first = np.array([hashes.setdefault(scan.sha256, i) for i, scan in enumerate(scans)])
    row = np.concatenate([*rows, np.arange(len(scans))])
    column = np.concatenate([*columns, first])
    graph = csr_matrix((np.ones(len(row), bool), (row, column)), shape=(len(scans),) * 2)
    component = connected_components(graph, directed=False)[1]
    order = {}
    return np.array([order.setdefault(number, len(order)) for number in component], np.int64)
