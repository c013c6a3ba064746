"""Further labelled scans, from another collection, so that a small data set is not all there is to learn from.

Copies of the data set are left out of them, however turned, mirrored or cropped: no scan that is evaluated on is
learned from. They are never used to choose or to measure anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brain_core.datasets.copies import without_copies
from brain_core.datasets.index import Dataset, load_dataset
from brain_core.errors import ConfigError
from brain_core.preprocessing import PreprocessingSpec
from brain_core.settings import settings
from brain_core.training.batches import Pictures, pictures_of
from brain_core.training.config import TrainConfig


@dataclass(frozen=True, eq=False)
class Extra:
    """Scans of another collection, some of which each epoch draws.

    Attributes:
        pictures: their ``ids`` are none of the data set's.
        chance: float64 (M,) of each to be drawn: classes alike, kinds of a class alike, scans of a kind alike.
        count: how many an epoch draws, with replacement.
        record: what they are, for metadata.
    """

    pictures: Pictures
    chance: np.ndarray
    count: int
    record: dict

    def draw(self, seed: int, epoch: int) -> np.ndarray:
        """int (count,): positions in ``pictures``, fixed by seed and epoch."""
        return np.random.default_rng((seed, epoch, self.count)).choice(len(self.chance), self.count, p=self.chance)


def load_extra(
    config: TrainConfig, dataset: Dataset, spec: PreprocessingSpec, progress=lambda done, total: None
) -> Extra | None:
    """What ``config`` adds to the scans of ``dataset``; None where it adds nothing.

    Args:
        progress: called with (done, total) as scans are read, and then as copies are looked for.

    Raises:
        ConfigError: the folder is not there, or holds nothing but copies of the data set.
        DatasetError: it is no data set.
    """
    if not config.extra or not config.extra_scans:
        return None
    folder = Path(config.extra)
    if not folder.is_dir():
        raise ConfigError(f"Further scans: no such folder: {config.extra}. Name it with --extra FOLDER.")
    found, excluded = without_copies(load_dataset(folder, progress), dataset, settings().home / "copies", progress)
    if not found.items:
        raise ConfigError(f"Further scans: {folder.name} holds nothing but copies of {dataset.root.name}.")
    own = len(dataset.items)
    pictures = pictures_of(found, np.arange(len(found.items)), spec)
    pictures = Pictures(pictures.squares, pictures.labels, pictures.ids + own, pictures.version)
    record = {"name": folder.name, "fingerprint": found.fingerprint, "n": len(found.items), "excluded": excluded}
    return Extra(pictures, chance(found), config.extra_scans, record)


def chance(dataset: Dataset) -> np.ndarray:
    """float64 (N,), of each scan to be drawn: classes alike, kinds of a class alike, scans of a kind alike."""
    kinds = [(item.label, item.kind) for item in dataset.items]
    size = {kind: kinds.count(kind) for kind in set(kinds)}
    of_class = {label: sum(kind[0] == label for kind in size) for label in (0, 1)}
    each = np.array([1 / size[kind] / of_class[kind[0]] for kind in kinds])
    return each / each.sum()
