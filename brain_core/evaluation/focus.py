"""Do both models look at the same places? Agreement of their Grad-CAM heatmaps, by how many of the two are right.

That two maps agree makes neither of them right: see `brain_core.evaluation.localisation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from brain_core import metrics
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import TUMOR, Dataset
from brain_core.errors import DatasetError
from brain_core.evaluation.agreement import CHANCE_OVERLAP, agreement
from brain_core.evaluation.stored_results import TEST, NotStored, of_card
from brain_core.intervals import Estimate
from brain_core.preprocessing import BATCH, head_box
from brain_core.registry import ModelCard
from brain_core.scored import FEWEST, TOO_FEW

if TYPE_CHECKING:  # what is stored can be read without TensorFlow
    from brain_core.inference import Detector, Prediction

ALL, BOTH_RIGHT, ONE_WRONG, BOTH_WRONG = "all", "both right", "one wrong", "both wrong"
MODELS_RIGHT = {ALL: (0, 1, 2), BOTH_RIGHT: (2,), ONE_WRONG: (1,), BOTH_WRONG: (0,)}  # how many of the two
NO_SCAN, ALL_FLAT = "no such scan", "every such scan has a flat heatmap"


@dataclass(frozen=True)
class Row:
    """One scan.

    Attributes:
        id: folder and file name in the data set.
        sha256: first 16 digits.
        label: 1 a tumour.
        group: near-duplicates share one.
        probabilities: of a tumour, by model, 0..1.
        right: names of the models whose decision is the label.
        correlation, overlap, reason: see `Agreement`.
    """

    id: str
    sha256: str
    label: int
    group: int
    probabilities: dict[str, float]
    right: tuple[str, ...]
    correlation: float | None
    overlap: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Subset:
    """Means over scans, with bootstrap intervals over near-duplicate groups.

    Attributes:
        name: `ALL`, `BOTH_RIGHT`, `ONE_WRONG` (one right, one wrong) or `BOTH_WRONG`.
        n, groups: scans, and distinct ones among them.
        flat: how many of the n have a flat map, so no figures; the means leave them out.
    """

    name: str
    n: int
    groups: int
    flat: int
    correlation: Estimate
    overlap: Estimate


@dataclass(frozen=True)
class Focus:
    """Two models on the same scans; by name of the model its version, explained layer and threshold in use."""

    data: str
    versions: dict[str, str]
    layers: dict[str, str]
    thresholds: dict[str, float]
    rows: tuple[Row, ...]

    @cached_property
    def subsets(self) -> tuple[Subset, ...]:
        """`ALL`, `BOTH_RIGHT`, `ONE_WRONG`, `BOTH_WRONG`."""
        return tuple(_subset(name, [r for r in self.rows if len(r.right) in n]) for name, n in MODELS_RIGHT.items())

    def to_json(self) -> dict:
        """What is stored; `subsets` are read from it by people, and computed anew from the rows by the program."""
        subsets = [asdict(subset) for subset in self.subsets]
        return {"n": len(self.rows), "chance_overlap": CHANCE_OVERLAP, "subsets": subsets} | asdict(self)


def compare(dataset: Dataset, first: Detector, second: Detector, progress=lambda done, total: None) -> Focus:
    """Heatmaps for 'tumour' of both models, on the scans of `common_test` that the data set holds.

    Args:
        progress: called with (done, total).

    Raises:
        DatasetError: as of `common_test`, or the data set holds none of these scans.
        ResultsError: stored predictions are damaged.
    """
    cards = [first.card, second.card]
    common = common_test(cards)
    chosen = [i for i, scan in enumerate(dataset.scans) if scan.key in common]
    if not chosen:
        raise DatasetError(
            f"Data set {dataset.root.name}: none of the {len(common)} scans in the test parts of both "
            f"{' and '.join(f'{card.name} {card.version}' for card in cards)} is in it."
        )
    groups, rows = near_duplicate_groups(dataset.scans), []
    for start in range(0, len(chosen), BATCH):
        positions = chosen[start : start + BATCH]
        scans = [dataset.scans[i] for i in positions]
        for i, *both in zip(positions, first.predict(scans), second.predict(scans), strict=True):
            rows.append(_row(dataset, i, int(groups[i]), both))
        progress(len(rows), len(chosen))
    return Focus(
        data=dataset.root.name,
        versions={card.name: card.version for card in cards},
        layers={card.name: card.gradcam_layer for card in cards},
        thresholds={card.name: card.operating_point.threshold for card in cards},
        rows=tuple(rows),
    )


def common_test(cards: Iterable[ModelCard]) -> set[str]:
    """Scans in the stored test part of every model, so that none learned from them: first 16 digits of sha256.

    Raises:
        DatasetError: a model has no stored test part, or they share no scan.
        ResultsError: stored predictions are damaged.
    """
    parts = {}
    for card in cards:
        found = of_card(card, TEST)
        if isinstance(found, NotStored):
            raise DatasetError(f"{card.name} {card.version}, test part: {found.reason}.")
        parts[f"{card.name} {card.version}"] = set(found.sha256) - {""}
    if not (common := set.intersection(*parts.values())):
        raise DatasetError(
            f"The test parts of {' and '.join(parts)} have no scan in common. "
            "Train both on one data set with the same --seed: python -m brain_core train DATASET."
        )
    return common


def right_of(label: int, probabilities: dict[str, float], thresholds: dict[str, float]) -> tuple[str, ...]:
    """Names of the models whose decision is the label; from the threshold on it is 'tumour'."""
    return tuple(name for name, p in probabilities.items() if (p >= thresholds[name]) == (label == TUMOR))


def _row(dataset: Dataset, i: int, group: int, both: Sequence[Prediction]) -> Row:
    scan, item = dataset.scans[i], dataset.items[i]
    probabilities = {p.model: p.probability for p in both}
    right = right_of(item.label, probabilities, {p.model: p.threshold for p in both})
    found = agreement(*(p.map_on(scan) for p in both), head_box(scan.grey), tuple(probabilities))
    return Row(item.id, scan.key, item.label, group, probabilities, right, **asdict(found))


def _subset(name: str, rows: list[Row]) -> Subset:
    measured = [row for row in rows if row.correlation is not None]
    figures = [_mean(measured, key, ALL_FLAT if rows else NO_SCAN) for key in ("correlation", "overlap")]
    return Subset(name, len(rows), len({row.group for row in rows}), len(rows) - len(measured), *figures)


def _mean(rows: list[Row], key: str, reason: str) -> Estimate:
    values, groups = [getattr(row, key) for row in rows], [row.group for row in rows]
    if not rows:
        return Estimate(None, reason=reason)
    if len(set(groups)) < FEWEST:
        return Estimate(float(np.mean(values)), reason=TOO_FEW)
    return metrics.bootstrap(metrics.mean(values), groups)
