"""Does a heatmap point at the tumour? Measured against masks that readers drew.

Pointing game: Zhang et al. 2016, arXiv:1608.00507. Energy inside: Wang et al. 2020, arXiv:1910.01279.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from brain_core import metrics, overlay
from brain_core.errors import DatasetError
from brain_core.inference import Detector
from brain_core.preprocessing import BATCH, head_box
from brain_core.scans import SUFFIXES, Scan, read_file

MARGIN = 15 / 256  # of the picture's side: a peak this near the mask counts as a hit
CENTRE, RANDOM = "centre of the head", "random map"
RANDOM_CELLS = 7  # a side, as coarse as the map of a ResNet50
CENTRE_SPREAD = 0.25  # of the head's shorter side: standard deviation of the baseline's bump


@dataclass(frozen=True, eq=False)
class Masked:
    """A scan with the reader's mask of its tumour, bool (height, width)."""

    name: str
    scan: Scan
    mask: np.ndarray


@dataclass(frozen=True)
class Localisation:
    """Of one source of heatmaps on a set of masked scans: figures with bootstrap intervals over scans."""

    source: str
    layer: str | None
    n: int
    flat: int
    pointing: metrics.Estimate
    energy: metrics.Estimate


def load_masked(folder: Path) -> list[Masked]:
    """``images/NAME`` with ``masks/NAME``.

    Raises:
        DatasetError: a folder or a mask is missing, a mask is empty or of another size, or there is no picture.
    """
    images, masks = folder / "images", folder / "masks"
    if not images.is_dir() or not masks.is_dir():
        raise DatasetError(f"{folder.name}: expected the folders images and masks, with files of the same names.")
    found = [_masked(path, masks / path.name) for path in sorted(images.iterdir()) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise DatasetError(f"{folder.name}: no picture in images.")
    return found


def _masked(image: Path, mask: Path) -> Masked:
    if not mask.is_file():
        raise DatasetError(f"{image.name}: no mask of that name.")
    scan, read = read_file(image), cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
    if read is None:
        raise DatasetError(f"{image.name}: its mask is not a picture that can be read.")
    drawn = read > 0
    if drawn.shape != scan.grey.shape or not drawn.any():
        raise DatasetError(
            f"{image.name}: expected a mask of {scan.grey.shape} with at least one pixel. "
            f"Received: {drawn.shape} with {int(drawn.sum())}."
        )
    return Masked(image.name, scan, drawn)


def hit(heatmap: np.ndarray, mask: np.ndarray) -> bool:
    """Whether the highest point lies in the mask or at most `MARGIN` of the side away; a flat map never hits.

    Args:
        heatmap: float (height, width), 0 or more. mask: bool of that shape.
    """
    if not heatmap.max() > 0:
        return False
    row, column = np.unravel_index(np.argmax(heatmap), heatmap.shape)
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return bool(distance[row, column] <= MARGIN * max(mask.shape))


def energy_inside(heatmap: np.ndarray, mask: np.ndarray) -> float:
    """Share of the map's sum that lies in the mask, 0..1; 0 of a flat map."""
    total = float(heatmap.sum())
    return float(heatmap[mask].sum() / total) if total > 0 else 0.0


def localise(cases: list[Masked], detector: Detector, progress=lambda done, total: None) -> Localisation:
    """A model's heatmaps for 'tumour'; ``progress`` is called with (done, total)."""
    maps = []
    for start in range(0, len(cases), BATCH):
        batch = cases[start : start + BATCH]
        predictions = detector.predict([case.scan for case in batch])
        maps.extend(p.map_on(case.scan) for p, case in zip(predictions, batch, strict=True))
        progress(len(maps), len(cases))
    return _measured(cases, maps, detector.card.name, detector.card.gradcam_layer)


def baselines(cases: list[Masked], seed: int = 0) -> list[Localisation]:
    """What pointing at the middle of the head and at random cells of it would score."""
    rng = np.random.default_rng(seed)
    sources: dict[str, Callable[[Scan], np.ndarray]] = {CENTRE: _centre, RANDOM: lambda scan: _random(scan, rng)}
    return [_measured(cases, [draw(case.scan) for case in cases], name, None) for name, draw in sources.items()]


def _centre(scan: Scan) -> np.ndarray:
    box = head_box(scan.grey)
    rows, columns = np.mgrid[0 : scan.height, 0 : scan.width]
    squared = (rows - (box.top + box.bottom) / 2) ** 2 + (columns - (box.left + box.right) / 2) ** 2
    return np.exp(-squared / 2 / (CENTRE_SPREAD * min(box.height, box.width)) ** 2)


def _random(scan: Scan, rng: np.random.Generator) -> np.ndarray:
    cells = rng.random((RANDOM_CELLS, RANDOM_CELLS)).astype(np.float32)
    return overlay.place(cells, head_box(scan.grey), scan.height, scan.width)


def _measured(cases: list[Masked], maps: list[np.ndarray], source: str, layer: str | None) -> Localisation:
    hits = np.array([hit(m, case.mask) for m, case in zip(maps, cases, strict=True)], float)
    inside = np.array([energy_inside(m, case.mask) for m, case in zip(maps, cases, strict=True)])
    each = np.arange(len(cases))
    return Localisation(
        source=source,
        layer=layer,
        n=len(cases),
        flat=sum(not m.max() > 0 for m in maps),
        pointing=metrics.bootstrap(metrics.mean(hits), each),
        energy=metrics.bootstrap(metrics.mean(inside), each),
    )
