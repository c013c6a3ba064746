"""Repeated cross-validation by near-duplicate group: every scan is scored by models that saw no copy of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from brain_core import thresholds
from brain_core.calibration import Calibration, fit_temperature
from brain_core.datasets.index import Dataset
from brain_core.datasets.splits import check_splittable
from brain_core.preprocessing import PreprocessingSpec
from brain_core.training.batches import Memory, Pictures, pictures_of
from brain_core.training.config import TrainConfig
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

    Raises:
        DatasetError: see `check_splittable`.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    check_splittable(labels, groups)
    found = []
    for repeat in range(repeats):
        outer = StratifiedGroupKFold(count, shuffle=True, random_state=seed + repeat)
        for rest, test in outer.split(labels, labels, groups):
            inner = StratifiedGroupKFold(_VALIDATION_FOLDS, shuffle=True, random_state=seed + repeat)
            train, validation = next(inner.split(rest, labels[rest], groups[rest]))
            found.append(Fold(repeat, rest[train], rest[validation], test))
    return found
