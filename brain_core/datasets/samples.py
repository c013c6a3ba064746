"""Sample scans: real ones where a data set is at hand, phantoms always."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from brain_core.datasets.index import CLASS_NAMES, Item, list_items
from brain_core.datasets.kaggle import download_folder
from brain_core.errors import DatasetError, ScanError
from brain_core.scans import Scan, read_file
from brain_core.scans.phantom import SAMPLES, draw
from brain_core.settings import settings

SYNTHETIC, REAL = "synthetic phantom", "real sample"
REAL_PER_CLASS = 3
SEED = 20  # which real scans, and in which order, so that the order does not tell the class


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample with its picture in memory.

    ``name`` tells nothing that the reader should find out; a phantom's ``caption`` says what was drawn.

    Attributes:
        origin: `SYNTHETIC` or `REAL`.
        reference: label of the reference standard, ``"tumor"`` or ``"no tumor"``.
        data: name of its data set's folder, None for a phantom.
    """

    id: str
    name: str
    caption: str
    scan: Scan
    origin: str
    reference: str
    data: str | None = None


def samples(root: Path | None = None) -> tuple[Sample, ...]:
    """Of the data set in ``root``, or else of the first of `places` that has one; phantoms where none has.

    Raises:
        DatasetError: ``root`` was named and is no data set, or none of its scans can be read.
    """
    if root is None:
        return next((found for place in places() if (found := real(place))), ()) or phantoms()
    listed = list_items(root)  # it says what is wrong with the folder
    if not (found := real(root)):
        raise DatasetError(f"Data set {root}: none of its {len(listed)} files can be read.")
    return found


def phantoms() -> tuple[Sample, ...]:
    """The project's synthetic heads."""
    return tuple(
        Sample(
            f"phantom-{number}",
            f"Phantom {number}",
            caption,
            draw(phantom),
            SYNTHETIC,
            "tumor" if phantom.lesion else "no tumor",
        )
        for number, (caption, phantom) in enumerate(SAMPLES.items(), 1)
    )


def places() -> tuple[Path, ...]:
    """Where a data set may be at hand, the first choice first: ``BRAIN_DATA_DIR``, then the downloaded one."""
    given = settings().data_dir
    return (given / "navoneel", given, download_folder()) if given else (download_folder(),)


def stored_scan(id: str, sha256: str) -> Scan | None:
    """The scan of a data set at hand that a stored result speaks of; None where it is not there.

    Args:
        id: as in stored results, relative to the data set's folder.
        sha256: of the file, or the first digits of it.
    """
    for root in places():
        path = root / id
        try:
            if path.resolve().is_relative_to(root.resolve()) and path.is_file():
                scan = read_file(path)
                if sha256 and scan.sha256.startswith(sha256):
                    return scan
        except (ScanError, OSError):
            continue
    return None


def real(root: Path) -> tuple[Sample, ...]:
    """A few scans of each class of the data set in ``root``, always the same; none where there is none."""
    try:
        items = list_items(root)
    except (DatasetError, OSError):
        return ()
    rng = random.Random(SEED)
    chosen: list[tuple[Item, Scan]] = []
    for label in CLASS_NAMES:
        of_class = [item for item in items if item.label == label]
        rng.shuffle(of_class)
        chosen += _first_readable(of_class, REAL_PER_CLASS)
    rng.shuffle(chosen)
    return tuple(
        Sample(
            f"real-{number}",
            f"Real scan {number}",
            f"Real scan {number}",
            scan,
            REAL,
            CLASS_NAMES[item.label],
            root.name,
        )
        for number, (item, scan) in enumerate(chosen, 1)
    )


def _first_readable(items: list[Item], n: int) -> list[tuple[Item, Scan]]:
    found = []
    for item in items:
        if len(found) == n:
            break
        try:
            found.append((item, read_file(item.path)))
        except ScanError:
            continue
    return found
