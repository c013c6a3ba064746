"""Training, validation and test parts that share no near-duplicate group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from brain_core.datasets.index import CLASS_NAMES
from brain_core.errors import DatasetError

PARTS = ("train", "validation", "test")
_FOLDS = 20  # 14 + 3 + 3 folds are 70 / 15 / 15 per cent


@dataclass(frozen=True)
class Split:
    """Positions in a data set, int64 and sorted: disjoint, complete, and no group in two of them."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    def part(self, name: str) -> np.ndarray:
        return getattr(self, name)


def grouped_split(labels, groups, *, seed: int = 0) -> Split:
    """70/15/15 by group, classes balanced as far as the groups allow (scikit-learn's StratifiedGroupKFold).

    Args:
        labels: (N,) 0 or 1.
        groups: (N,) group numbers from `near_duplicate_groups`.
        seed: which of the possible splits.

    Raises:
        DatasetError: one class only, a group that holds both classes, or too few groups of a class.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    check_splittable(labels, groups)
    folds = StratifiedGroupKFold(_folds(labels, groups), shuffle=True, random_state=seed)
    parts = [test for _, test in folds.split(np.zeros(len(labels)), labels, groups)]
    held_out = max(1, round(len(parts) * 0.15))
    chosen = (parts[2 * held_out :], parts[:held_out], parts[held_out : 2 * held_out])
    split = Split(*(np.sort(np.concatenate(part)) for part in chosen))
    for name in PARTS:
        if len(set(labels[split.part(name)])) < 2:
            raise DatasetError(
                f"The {name} part would hold one class only; more distinct scans of the other are needed."
            )
    return split


def mixed_groups(labels, groups) -> list[int]:
    """Groups that hold both classes: the same picture under two labels."""
    labels, groups = np.asarray(labels), np.asarray(groups)
    return [int(g) for g in np.unique(groups) if len(set(labels[groups == g])) > 1]


def check_splittable(labels: np.ndarray, groups: np.ndarray) -> None:
    """Raises DatasetError where no honest split exists, saying why."""
    present = {name: int(np.sum(labels == label)) for label, name in CLASS_NAMES.items()}
    if not all(present.values()):
        missing = next(name for name, n in present.items() if not n)
        raise DatasetError(
            f"Only one class: no scan of class '{missing}' among {len(labels)}; both are needed to train."
        )
    if mixed := mixed_groups(labels, groups):
        raise DatasetError(
            f"{len(mixed)} near-duplicate groups hold both classes: the same picture stands under two labels. "
            "'dataset check' lists them; remove or relabel the wrong copies."
        )
    for label, name in CLASS_NAMES.items():
        distinct = len(set(groups[labels == label]))
        if distinct < MIN_GROUPS:
            raise DatasetError(
                f"Class '{name}': {distinct} distinct scans (near-copies counted once); at least {MIN_GROUPS} are "
                "needed to split into training, validation and test."
            )


MIN_GROUPS = 7  # of each class: one fold in seven is the coarsest 70 / 15 / 15


def _folds(labels: np.ndarray, groups: np.ndarray) -> int:
    smallest = min(len(set(groups[labels == label])) for label in CLASS_NAMES)
    return min(_FOLDS, smallest)
