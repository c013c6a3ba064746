"""Repeated cross-validation by near-duplicate group: every scan is scored by models that saw no copy of it."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from brain_core.datasets.index import CLASS_NAMES, Dataset
from brain_core.datasets.splits import check_splittable
from brain_core.errors import DatasetError
from brain_core.preprocessing import PreprocessingSpec
from brain_core.training.batches import Memory, Pictures, pictures_of
from brain_core.training.config import TrainConfig
from brain_core.training.extra import load_extra
from brain_core.training.progress import Report, silent
from brain_core.training.two_phase import Trainer, initial_model

REPEATS, FOLDS = 5, 5
_VALIDATION_FOLDS = 6  # one sixth of a fold's other scans chooses its threshold and calibration


@dataclass(frozen=True)
class Fold:
    """Positions in a data set: disjoint, complete, and no group in two of them."""

    repeat: int
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def folds(labels, groups, *, repeats: int = REPEATS, count: int = FOLDS, seed: int = 0) -> list[Fold]:
    """``repeats`` times ``count`` folds, stratified, by group; each scan is in one test part a repeat.

    Both classes are in every training and every validation part.

    Raises:
        DatasetError: see `check_splittable`, or a fold has too few groups of a class left for that.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    check_splittable(labels, groups)
    found = []
    for repeat in range(repeats):
        outer = StratifiedGroupKFold(count, shuffle=True, random_state=seed + repeat)
        for rest, test in outer.split(labels, labels, groups):
            train, validation = _divided(labels[rest], groups[rest], seed + repeat)
            found.append(Fold(repeat, rest[train], rest[validation], test))
    return found


def _divided(labels: np.ndarray, groups: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions to train on and to validate on: the first of the divisions that leaves both classes to both."""
    inner = StratifiedGroupKFold(_VALIDATION_FOLDS, shuffle=True, random_state=seed)
    enough = max(np.sum(labels == label) for label in CLASS_NAMES) >= _VALIDATION_FOLDS  # scikit-learn asks for it
    for parts in inner.split(labels, labels, groups) if enough else ():
        if all(set(labels[part]) == set(CLASS_NAMES) for part in parts):
            return parts
    distinct = (f"{len(set(groups[labels == label]))} of class '{name}'" for label, name in CLASS_NAMES.items())
    raise DatasetError(
        "Cross-validation: expected both classes in each fold's training and validation part. Received a fold with "
        f"{' and '.join(distinct)} beside its test part (near-copies counted once), which cannot be divided so; more "
        "distinct scans are needed."
    )


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Uncalibrated probabilities of a tumour, float64, for a fold's validation and test scans, in the fold's order."""

    validation: np.ndarray
    test: np.ndarray


class NetworkScorer:
    """Trains a network anew in each fold, from the same initial weights, and scores what it did not train on.

    Re-trained per fold: all that two-phase training trains (head and unfrozen layers; the whole custom CNN). Not
    re-trained: the frozen stages and the weights to start from, which never saw a label of this data set.

    Args:
        name: of `MODELS`.
        dataset: whose positions the folds name.
        memory: of a scorer of the same data set, preprocessing, augmentation, seed and weights to start from.
    """

    def __init__(
        self,
        name: str,
        dataset: Dataset,
        spec: PreprocessingSpec,
        config: TrainConfig,
        report: Report = silent,
        memory: Memory | None = None,
    ):
        keras.utils.set_random_seed(config.seed)
        self._everything = pictures_of(dataset, np.arange(len(dataset.items)), spec)
        self._trainer = Trainer(initial_model(name, config), spec, config, memory or Memory())
        self._extra = load_extra(config, dataset, spec)
        self._seed, self._report = config.seed, report

    @property
    def trained(self) -> str:
        """In words, what is trained anew in each fold."""
        return self._trainer.trained

    @property
    def extra(self) -> dict | None:
        """The record of the further scans that every fold learns from."""
        return self._extra.record if self._extra else None

    def __call__(self, fold: Fold, number: int = 0) -> FoldScores:
        """Train and score; ``number`` of the fold fixes the random numbers, whatever was trained before."""
        keras.utils.set_random_seed(self._seed + 1 + number)
        self._trainer.reset(number)
        train, validation = (self._everything.take(part) for part in (fold.train, fold.validation))
        self._trainer.fit(train, validation, self._report, self._extra)
        return FoldScores(self._trainer.predict(validation), self.predict(self._everything.take(fold.test)))

    def predict(self, part: Pictures) -> np.ndarray:
        """With the weights of the last fold: float64 (N,)."""
        return self._trainer.predict(part)
