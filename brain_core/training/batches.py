"""What training feeds on: the scans of a part, and shuffled batches of augmented variants of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from brain_core.datasets.index import Dataset
from brain_core.preprocessing import PreprocessingSpec, scale, square
from brain_core.training.augmentation import vary
from brain_core.training.config import TrainConfig

if TYPE_CHECKING:
    from brain_core.training.extra import Extra


@dataclass(frozen=True, eq=False)
class Pictures:
    """Squares of some scans of a data set.

    Attributes:
        squares: uint8 (N, size, size).
        labels: float32 (N,).
        ids: int64 (N,), the scans' positions in the data set: they fix the random numbers of a scan's variants,
            whatever part it is in.
        version: of the scans: ``as read``, or the name of a change made to them.
    """

    squares: np.ndarray
    labels: np.ndarray
    ids: np.ndarray
    version: str = "as read"

    def take(self, chosen: np.ndarray) -> Pictures:
        return Pictures(self.squares[chosen], self.labels[chosen], self.ids[chosen], self.version)

    def and_then(self, other: Pictures) -> Pictures:
        """These, followed by others."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("squares", "labels", "ids"))
        return Pictures(*(np.concatenate(pair) for pair in pairs), self.version)


def pictures_of(dataset: Dataset, positions: np.ndarray, spec: PreprocessingSpec) -> Pictures:
    """The scans at ``positions``, as a model with ``spec`` sees them before scaling."""
    squares = np.stack([square(dataset.scans[i].grey, spec) for i in positions])
    return Pictures(squares, np.array(dataset.labels, np.float32)[positions], np.asarray(positions))


class Memory:
    """Rows computed once a key and scan, kept as float16 (rounding below 0.05 % of a value) and given as float32."""

    def __init__(self):
        self._rows: dict[tuple, np.ndarray] = {}

    def rows(self, key, ids: np.ndarray, compute: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The rows of the scans ``ids``; ``compute`` gets the positions in ``ids`` of those not yet known."""
        missing = np.array([n for n, i in enumerate(ids) if (key, int(i)) not in self._rows], int)
        if len(missing):
            fresh = compute(missing).astype(np.float16)
            self._rows.update(((key, int(ids[n])), row) for n, row in zip(missing, fresh, strict=True))
        return np.stack([self._rows[key, int(i)] for i in ids]).astype(np.float32)


class Variants:
    """The input of phase 2: augmented variants of scans, as pixels or as a frozen trunk's feature maps.

    Seed, number and scan fix a variant, so that with a memory the trunk runs once a variant, in whatever fold or epoch
    it comes up again.

    Args:
        scaling: of the pixels.
        trunk: from scaled pixels to feature maps, float32 NumPy arrays; None leaves the pixels.
        memory: where the trunk's maps are kept, under the name ``layer``; None computes them anew each time.
    """

    def __init__(
        self,
        scaling: str,
        config: TrainConfig,
        trunk: Callable[[np.ndarray], np.ndarray] | None = None,
        memory: Memory | None = None,
        layer: str | None = None,
    ):
        self._scaling, self._config, self._trunk, self._memory, self._layer = scaling, config, trunk, memory, layer

    def batch(self, part: Pictures, chosen: np.ndarray, epoch: int) -> np.ndarray:
        """float32 (len(chosen), ...): the variants of one epoch of the scans at ``chosen`` in the part."""
        number = epoch % self._config.variants if self._config.variants else epoch
        if self._trunk is None or self._memory is None:
            return self._computed(part, chosen, number)
        key = self._layer, number
        return self._memory.rows(key, part.ids[chosen], lambda which: self._computed(part, chosen[which], number))

    def _computed(self, part: Pictures, chosen: np.ndarray, number: int) -> np.ndarray:
        squares = []
        for i in chosen:
            rng = np.random.default_rng((self._config.seed, number, int(part.ids[i])))
            squares.append(vary(part.squares[i], self._config.augmentation, rng))
        pixels = scale(np.stack(squares), self._scaling)
        return pixels if self._trunk is None else self._trunk(pixels)


class Batches(keras.utils.PyDataset):
    """Shuffled batches, fixed by seed and epoch. A last batch of one joins the one before.

    Args:
        part: all of its scans are shown in every epoch.
        inputs: of scans by their positions, those of ``extra`` after those of the part, in an epoch: float32.
        extra: further scans; each epoch draws others of them.
    """

    def __init__(
        self,
        part: Pictures,
        inputs: Callable[[np.ndarray, int], np.ndarray],
        config: TrainConfig,
        extra: Extra | None = None,
    ):
        super().__init__(workers=1)
        self._own, self._extra, self._inputs = len(part.labels), extra, inputs
        self._labels = np.concatenate([part.labels, extra.pictures.labels]) if extra else part.labels
        self._config, self._epoch = config, 0

    def __len__(self) -> int:
        n, size = self._own + (self._extra.count if self._extra else 0), self._config.batch_size
        return max(1, n // size + (n % size > 1))

    @property
    def labels(self) -> np.ndarray:
        """float32, of the scans that the epoch shows."""
        return self._labels[self._shown()]

    def begin(self, epoch: int) -> None:
        """The next epoch is the one of that number, counted from 0."""
        self._epoch = epoch

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int):
        size = self._config.batch_size
        order = np.random.default_rng((self._config.seed, self._epoch)).permutation(self._shown())
        end = None if index == len(self) - 1 else (index + 1) * size
        chosen = order[index * size : end]
        return self._inputs(chosen, self._epoch), self._labels[chosen][:, None]

    def _shown(self) -> np.ndarray:
        """Positions of an epoch's scans: all of the part, and those drawn from the others."""
        own = np.arange(self._own)
        return np.append(own, self._own + self._extra.draw(self._config.seed, self._epoch)) if self._extra else own


class AugmentedBatches(Batches):
    """Of variants, see `Variants`."""

    def __init__(self, part: Pictures, variants: Variants, config: TrainConfig, extra: Extra | None = None):
        everything = part.and_then(extra.pictures) if extra else part
        super().__init__(part, lambda chosen, epoch: variants.batch(everything, chosen, epoch), config, extra)
