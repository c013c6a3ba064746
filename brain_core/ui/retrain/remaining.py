"""What is left of a data set once its conflicts are decided, and how that would be split."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from brain_core.datasets.index import CLASS_NAMES
from brain_core.datasets.splits import PARTS, grouped_split, inherited_split
from brain_core.errors import DatasetError
from brain_core.ui.retrain.checking import Checking


@dataclass(frozen=True)
class Remaining:
    """Scans that a run would go by.

    Attributes:
        scans, distinct: how many, and near-duplicate groups among them.
        split_by_class: scans by part and class name; None where they cannot be split, ``refusal`` says why.
    """

    scans: int
    distinct: int
    split_by_class: dict[str, dict[str, int]] | None
    refusal: str | None

    @property
    def sizes(self) -> dict[str, int]:
        """Scans by part."""
        return {part: sum(counts.values()) for part, counts in self.split_by_class.items()}


def without(found: Checking, left_out: Collection[str]) -> Remaining:
    """All scans but those of these names; their groups are those that the check found."""
    report = found.report
    if not left_out:
        return Remaining(len(report.sizes), report.distinct, report.split_by_class, report.refusal)
    names = [name for name in found.labels if name not in set(left_out)]
    labels, keys = np.array([found.labels[name] for name in names], int), [found.keys[name] for name in names]
    group_of = {name: number for number, group in enumerate(report.near_groups) for name in group}
    order: dict[int, int] = {}  # numbered by first appearance, as a run does: the split depends on it
    groups = [order.setdefault(group_of.get(name, -1 - i), len(order)) for i, name in enumerate(names)]
    try:
        split = inherited_split(labels, groups, keys, found.known) if found.inherit else grouped_split(labels, groups)
    except DatasetError as error:
        return Remaining(len(names), len(set(groups)), None, str(error))
    by_class = {
        part: {name: int(np.sum(labels[split.part(part)] == label)) for label, name in CLASS_NAMES.items()}
        for part in PARTS
    }
    return Remaining(len(names), len(set(groups)), by_class, None)
