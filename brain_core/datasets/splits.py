"""Training, validation and test parts that share no near-duplicate group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from brain_core.datasets.index import CLASS_NAMES
from brain_core.errors import DatasetError

PARTS = ("train", "validation", "test")
MIN_GROUPS = 7  # of each class: one fold in seven is the coarsest 70 / 15 / 15
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
    split = _divided(labels, groups, seed)
    for name in PARTS:
        if len(set(labels[split.part(name)])) < 2:
            raise DatasetError(
                f"The {name} part would hold one class only; more distinct scans of the other are needed."
            )
    return split


def inherited_split(labels, groups, keys: Sequence[str], known: Mapping[str, str], *, seed: int = 0) -> Split:
    """The split of the model in service, carried on to a data set that has grown since.

    A group that holds a scan of that model stays in its part, so that both models are tested on what neither learned
    from; where it holds several, training wins over validation and validation over test. The other groups are divided
    70/15/15 among themselves as by `grouped_split`, or all learned from where they are too few of a class for that.
    Without a known scan the result is that of `grouped_split`.

    Args:
        labels: (N,) 0 or 1.
        groups: (N,) group numbers from `near_duplicate_groups`.
        keys: N times the first 16 hexadecimal digits of a scan's sha256.
        known: from such a key to the part, one of `PARTS`, of the model in service.
        seed: how the other groups are divided.

    Raises:
        DatasetError: one class only, a group that holds both classes, or a part that would lack a class; without a
            known scan as `grouped_split`.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    inherited = _inherited(groups, keys, known)
    if not inherited:
        return grouped_split(labels, groups, seed=seed)
    _check_classes(labels, groups)
    free = np.flatnonzero([group not in inherited for group in groups.tolist()])
    part_of = np.array([PARTS.index(inherited.get(group, PARTS[0])) for group in groups.tolist()])
    if min(_distinct(labels[free], groups[free]).values()) >= MIN_GROUPS:
        divided = _divided(labels[free], groups[free], seed)
        for number, name in enumerate(PARTS):
            part_of[free[divided.part(name)]] = number
    split = Split(*(np.flatnonzero(part_of == number) for number in range(len(PARTS))))
    for name in PARTS:
        for label, class_name in CLASS_NAMES.items():
            if label not in labels[split.part(name)]:
                raise DatasetError(
                    f"The {name} part inherited from the model in service would hold no scan of class '{class_name}'; "
                    "a fresh split is needed for this data set."
                )
    return split


def _inherited(groups: np.ndarray, keys: Sequence[str], known: Mapping[str, str]) -> dict[int, str]:
    """From the group to its part, of the groups that hold a known scan."""
    if unknown := sorted(set(known.values()) - set(PARTS)):
        raise DatasetError(f"Known scans: expected the parts {', '.join(PARTS)}. Received: {', '.join(unknown)}.")
    found: dict[int, str] = {}
    for group, key in zip(groups.tolist(), keys, strict=True):
        if key in known:
            found[group] = min(known[key], found.get(group, PARTS[-1]), key=PARTS.index)
    return found


def _divided(labels: np.ndarray, groups: np.ndarray, seed: int) -> Split:
    folds = StratifiedGroupKFold(_folds(labels, groups), shuffle=True, random_state=seed)
    parts = [test for _, test in folds.split(np.zeros(len(labels)), labels, groups)]
    held_out = max(1, round(len(parts) * 0.15))
    chosen = (parts[2 * held_out :], parts[:held_out], parts[held_out : 2 * held_out])
    return Split(*(np.sort(np.concatenate(part)) for part in chosen))


def mixed_groups(labels, groups) -> list[int]:
    """Groups that hold both classes: the same picture under two labels."""
    labels, groups = np.asarray(labels), np.asarray(groups)
    return [int(g) for g in np.unique(groups) if len(set(labels[groups == g])) > 1]


def check_splittable(labels: np.ndarray, groups: np.ndarray) -> None:
    """Raises DatasetError where no honest split exists, saying why."""
    _check_classes(labels, groups)
    for label, distinct in _distinct(labels, groups).items():
        if distinct < MIN_GROUPS:
            raise DatasetError(
                f"Class '{CLASS_NAMES[label]}': {distinct} distinct scans (near-copies counted once); at least "
                f"{MIN_GROUPS} are needed to split into training, validation and test."
            )


def _check_classes(labels: np.ndarray, groups: np.ndarray) -> None:
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


def _folds(labels: np.ndarray, groups: np.ndarray) -> int:
    return min(_FOLDS, *_distinct(labels, groups).values())


def _distinct(labels: np.ndarray, groups: np.ndarray) -> dict[int, int]:
    """Groups by class."""
    return {label: len(set(groups[labels == label].tolist())) for label in CLASS_NAMES}
