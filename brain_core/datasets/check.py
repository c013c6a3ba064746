"""What training on a data set would find: counts, copies, conflicts, unreadable files, the split that would result."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import CLASS_NAMES, Dataset, Unreadable
from brain_core.datasets.splits import PARTS, Split, grouped_split, inherited_split, mixed_groups
from brain_core.errors import DatasetError
from brain_core.scans import Scan

GREY, GREY_AS_RGB, COLOUR = "grey", "grey stored as RGB", "colour"


@dataclass(frozen=True)
class DatasetReport:
    """Result of `check`. A scan is named by `Dataset.key`, its path in the data set's folder.

    Attributes:
        kinds: scans by folder name.
        distinct: near-duplicate groups.
        identical: byte-identical files beyond the first of each.
        near_identical: further scans beyond the first of their near-duplicate group: the same picture, changed.
        identical_groups: the names of byte-identical scans, for each content that two or more have.
        near_groups: the names of the scans of each near-duplicate group of two or more.
        sizes: (width, height) of each scan.
        modes: scans by `GREY`, `GREY_AS_RGB` and `COLOUR` (three channels that differ, if by compression alone).
        conflicts: for each group that holds both classes, the names of its scans.
        conflict_positions: the same as positions in the data set.
        overlap: scans that are, byte for byte, in each part of the model in service.
        overlap_groups: near-duplicate groups that hold such a scan; a group can count for several parts.
        split: scans by part, None where the data set cannot be split; ``refusal`` says why.
        split_by_class: scans by part and class name, None as well.
    """

    kinds: dict[str, int]
    distinct: int
    identical: int
    near_identical: int
    identical_groups: tuple[tuple[str, ...], ...]
    near_groups: tuple[tuple[str, ...], ...]
    sizes: tuple[tuple[int, int], ...]
    modes: dict[str, int]
    unreadable: tuple[Unreadable, ...]
    conflicts: tuple[tuple[str, ...], ...]
    conflict_positions: tuple[tuple[int, ...], ...]
    overlap: dict[str, int]
    overlap_groups: dict[str, int]
    split: dict[str, int] | None
    split_by_class: dict[str, dict[str, int]] | None
    refusal: str | None

    @property
    def ok(self) -> bool:
        """Every file can be read and the data set can be trained on."""
        return self.refusal is None and not self.unreadable


def check(
    dataset: Dataset, *, seed: int = 0, known: Mapping[str, str] | None = None, inherit: bool = False
) -> DatasetReport:
    """Look at a data set without training on it.

    Args:
        seed: of the split.
        known: the scans of the model in service, see `known.known_parts`; None stands for none.
        inherit: known scans and their near-copies stay in their part, see `inherited_split`.
    """
    known = known or {}
    groups = near_duplicate_groups(dataset.scans)
    hashes = [scan.sha256 for scan in dataset.scans]
    keys = [scan.key for scan in dataset.scans]
    near, same = _members(groups.tolist()), _members(hashes)
    mixed = mixed_groups(dataset.labels, groups)
    split, refusal = None, None
    try:
        split = (
            inherited_split(dataset.labels, groups, keys, known, seed=seed)
            if inherit
            else grouped_split(dataset.labels, groups, seed=seed)
        )
    except DatasetError as error:
        refusal = str(error)
    found = [(known[key], group) for key, group in zip(keys, groups.tolist(), strict=True) if key in known]
    return DatasetReport(
        kinds=dict(Counter(item.kind for item in dataset.items)),
        distinct=len(near),
        identical=len(hashes) - len(same),
        near_identical=len(same) - len(near),
        identical_groups=_named(dataset, (members for members in same.values() if len(members) > 1)),
        near_groups=_named(dataset, (members for members in near.values() if len(members) > 1)),
        sizes=tuple((scan.width, scan.height) for scan in dataset.scans),
        modes=dict(Counter(map(_mode, dataset.scans))),
        unreadable=dataset.unreadable,
        conflicts=_named(dataset, (near[group] for group in mixed)),
        conflict_positions=tuple(tuple(near[group]) for group in mixed),
        overlap={part: sum(part == of for of, _ in found) for part in PARTS},
        overlap_groups={part: len({group for of, group in found if part == of}) for part in PARTS},
        split=split and {part: len(split.part(part)) for part in PARTS},
        split_by_class=split and _by_class(dataset, split),
        refusal=refusal,
    )


def _members(names: Iterable) -> dict[int | str, list[int]]:
    """The positions of each name."""
    found = defaultdict(list)
    for i, name in enumerate(names):
        found[name].append(i)
    return found


def _named(dataset: Dataset, groups: Iterable[list[int]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(dataset.key(i) for i in members) for members in groups)


def _mode(scan: Scan) -> str:
    if scan.pixels.ndim == 2:
        return GREY
    red, green, blue = np.moveaxis(scan.pixels, -1, 0)
    return GREY_AS_RGB if np.array_equal(red, green) and np.array_equal(red, blue) else COLOUR


def _by_class(dataset: Dataset, split: Split) -> dict[str, dict[str, int]]:
    labels = np.array(dataset.labels)
    return {
        part: {name: int(np.sum(labels[split.part(part)] == label)) for label, name in CLASS_NAMES.items()}
        for part in PARTS
    }
