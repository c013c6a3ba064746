"""What training on a data set would find: counts, copies, conflicts, unreadable files, the split that would result."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset, Unreadable
from brain_core.datasets.splits import PARTS, grouped_split, mixed_groups
from brain_core.errors import DatasetError


@dataclass(frozen=True)
class DatasetReport:
    """Result of `check`.

    Attributes:
        kinds: scans by folder name.
        distinct: near-duplicate groups.
        identical: byte-identical files beyond the first of each.
        sizes: (width, height) of each scan.
        conflicts: for each group that holds both classes, the ids of its scans.
        split: scans by part, None where the data set cannot be split; ``refusal`` says why.
    """

    kinds: dict[str, int]
    distinct: int
    identical: int
    sizes: tuple[tuple[int, int], ...]
    unreadable: tuple[Unreadable, ...]
    conflicts: tuple[tuple[str, ...], ...]
    split: dict[str, int] | None
    refusal: str | None

    @property
    def ok(self) -> bool:
        """Every file can be read and the data set can be trained on."""
        return self.refusal is None and not self.unreadable


def check(dataset: Dataset, *, seed: int = 0) -> DatasetReport:
    """Look at a data set without training on it; ``seed`` is that of the split."""
    groups = near_duplicate_groups(dataset.scans)
    members = defaultdict(list)
    for item, group in zip(dataset.items, groups.tolist(), strict=True):
        members[group].append(item.id)
    split, refusal = None, None
    try:
        parts = grouped_split(dataset.labels, groups, seed=seed)
        split = {part: len(parts.part(part)) for part in PARTS}
    except DatasetError as error:
        refusal = str(error)
    return DatasetReport(
        kinds=dict(Counter(item.kind for item in dataset.items)),
        distinct=len(members),
        identical=len(dataset.scans) - len({scan.sha256 for scan in dataset.scans}),
        sizes=tuple((scan.width, scan.height) for scan in dataset.scans),
        unreadable=dataset.unreadable,
        conflicts=tuple(tuple(members[group]) for group in mixed_groups(dataset.labels, groups)),
        split=split,
        refusal=refusal,
    )
