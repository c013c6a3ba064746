"""What pretraining feeds on: strongly augmented views of the scans, with what each objective asks of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import keras
import numpy as np

from brain_core.datasets.index import TUMOR, Dataset
from brain_core.models import MODELS, resnet50
from brain_core.preprocessing import scale
from brain_core.training.augmentation import Augmentation, augment, augment_strongly_with_mask
from brain_core.training.pretraining.config import CLASSES, DISTILLATION, KIND, LESION, PretrainConfig
from brain_core.training.synthetic_lesions import insert_lesion

LESION_SHARE = 0.5  # of the scans without a tumour get a painted lesion


@dataclass(frozen=True)
class Kinds:
    """Per scan: the number of its folder, and 1.0 where that is a kind of tumour."""

    number: np.ndarray
    is_tumor: np.ndarray

    @property
    def tumor_kinds(self) -> int:
        return len(set(self.number[self.is_tumor > 0]))

    def chance(self) -> np.ndarray:
        """Of each scan to be drawn: classes alike, and kinds alike within a class."""
        chance = 1.0 / np.bincount(self.number)[self.number]
        for tumor in (0, 1):
            of_class = self.is_tumor == tumor
            chance[of_class] /= max(float(chance[of_class].sum()), 1e-9)
        return chance / chance.sum()


def kinds_of(dataset: Dataset, shown: np.ndarray) -> Kinds:
    items = [dataset.items[i] for i in shown]
    names = sorted({item.kind for item in items})
    number = np.array([names.index(item.kind) for item in items])
    return Kinds(number, np.array([item.label == TUMOR for item in items], np.float32))


class Views(keras.utils.PyDataset):
    """Batches of strongly augmented views; seed, epoch and batch fix the random numbers.

    Scans with and without a tumour are equally likely, and so are the kinds of tumour among themselves.
    """

    def __init__(
        self, pictures: np.ndarray, kinds: Kinds, outputs: tuple[str, ...], config: PretrainConfig, epoch: int
    ):
        super().__init__(workers=1)
        self._pictures, self._kinds, self._outputs = pictures, kinds, outputs
        self.config, self._epoch = config, epoch
        self._chance = kinds.chance()

    def __len__(self) -> int:
        return max(1, len(self._pictures) // self.config.batch_size)

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int):
        config = self.config
        rng = np.random.default_rng((config.seed, self._epoch, index))
        chosen = rng.choice(len(self._pictures), config.batch_size, p=self._chance)
        views, lesions = zip(*(self._view(i, rng) for i in chosen), strict=True)
        number, is_tumor, all_count = self._kinds.number[chosen], self._kinds.is_tumor[chosen], np.ones(len(chosen))
        targets = {
            DISTILLATION: np.zeros((len(chosen), 1), np.float32),
            KIND: number,
            LESION: np.stack(lesions),
            CLASSES: number,
        }
        # A painted lesion is no reason to say 'no tumour': that would teach to look at the source instead.
        unpainted = np.array([float(not lesion.any()) for lesion in lesions])
        counted = {DISTILLATION: all_count, KIND: is_tumor, LESION: 1 - is_tumor, CLASSES: unpainted}
        scaling = MODELS[config.model].preprocessing.scaling
        return scale(np.stack(views), scaling), self._asked(targets), self._asked(counted)

    def _view(self, i: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A view, and for each cell of the last feature map how much of it a painted lesion fills, at most 1."""
        picture = self._pictures[i]
        if self.config.gentle:
            return _cut_out(augment(picture, Augmentation(), rng), self.config.size, rng), np.zeros(1)
        mask = np.zeros_like(picture)
        if LESION in self._outputs and not self._kinds.is_tumor[i] and rng.random() < LESION_SHARE:
            picture, mask = insert_lesion(picture, rng)
        view, mask = augment_strongly_with_mask(picture, mask, self.config.size, rng)
        cells = self.config.size // resnet50.STRIDE
        covered = cv2.resize(mask, (cells, cells), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        return view, np.minimum(1, 2 * covered).ravel()

    def _asked(self, by_output: dict) -> dict:
        return {name: by_output[name] for name in self._outputs}


def _cut_out(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random square at the picture's own resolution: small networks know no other scale than that they learned at."""
    top, left = rng.integers(0, picture.shape[0] - size + 1, 2)
    return picture[top : top + size, left : left + size]
