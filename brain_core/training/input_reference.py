"""What a model's own scans look like, kept in its metadata, so that the monitor can tell when others come in.

Statistics only, each sorted by itself: no pixels, no names, and no way back to a scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from brain_core import typed_json
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.errors import DatasetError, ResultsError
from brain_core.files import write_json
from brain_core.preprocessing import BATCH
from brain_core.registry import ModelCard
from brain_core.scans import Scan, statistics
from brain_core.scored import one_a_group
from brain_core.settings.engine import EngineSettings

if TYPE_CHECKING:
    from brain_core.inference import Detector

KEY = "inputs"  # of the metadata
UNLIKENESS = "unlikeness"
DIGITS = {"mean": 1, "deviation": 1, "width": 0, "height": 0, "aspect": 3, UNLIKENESS: 3}  # kept after the point
MOST = 1000  # values of a measure; of more, evenly spaced ones stand for all
COMMAND = "python -m brain_core monitor --reference DATASET"


@dataclass(frozen=True)
class InputReference:
    """Of the scans that a model learned from, one of each near-duplicate group.

    Attributes:
        n: such scans.
        held_out: scans of the validation and test parts, likewise: only their unlikeness says something, since every
            training scan is like itself.
        values: by measure of `DIGITS`, ascending, at most `MOST`; a measure may be missing.
    """

    n: int
    held_out: int
    values: dict[str, tuple[float, ...]]

    def to_json(self) -> dict:
        return asdict(self)


def of_metadata(metadata: Mapping) -> InputReference | None:
    """None where none is kept.

    Raises:
        ResultsError: it is damaged.
    """
    if KEY not in metadata:
        return None
    try:
        found = typed_json.from_json(InputReference, metadata[KEY], KEY)
    except ValueError as error:
        raise ResultsError(f"The model's input statistics are damaged ({error}). Make them anew: {COMMAND}.") from error
    return found


def rounded(measure: str, values: np.ndarray) -> np.ndarray:
    """As they are kept, so that what is equal stays equal."""
    return np.round(np.asarray(values, float), DIGITS[measure])


def learn(
    card: ModelCard, dataset: Dataset, groups: np.ndarray, train: Sequence[int], held_out: Sequence[int]
) -> InputReference:
    """Of a model that was just trained, or is in service.

    Args:
        groups: of near-copies, one a scan of the data set.
        train, held_out: indices of its own parts' scans.
    """
    groups = np.asarray(groups)
    train, held_out = (np.asarray(part, int) for part in (train, held_out))
    train, held_out = (part[one_a_group(groups[part])] for part in (train, held_out))
    found = [statistics.of(dataset.scans[i]) for i in train]
    values = {name: [getattr(each, name) for each in found] for name in ("mean", "deviation", "width", "height")}
    values["aspect"] = [each.width / each.height for each in found]
    values[UNLIKENESS] = _unlikeness(card, [dataset.scans[i] for i in held_out])
    kept = {name: _kept(rounded(name, each)) for name, each in values.items() if len(each)}
    return InputReference(len(train), len(held_out), kept)


def learn_again(card: ModelCard, dataset: Dataset) -> InputReference:
    """Of a model whose scans are in a data set, and keep it with the model.

    Raises:
        DatasetError: some are not.
    """
    keys = [scan.key for scan in dataset.scans]
    trained = set(card.metadata.get("data", {}).get("train_sha256", ()))
    tested = {row["sha256"] for rows in card.metadata.get("predictions", {}).values() for row in rows}
    train, held_out = ([i for i, key in enumerate(keys) if key in part] for part in (trained, tested))
    if lacking := len((trained | tested) - set(keys)):
        raise DatasetError(
            f"Data set {dataset.root.name}: {lacking} of the {len(trained | tested)} scans of {card.name} "
            f"{card.version} are not in it; its input statistics are of all of them."
        )
    if not trained:
        raise DatasetError(f"{card.name} {card.version}: its metadata do not say which scans it learned from.")
    found = learn(card, dataset, near_duplicate_groups(dataset.scans), train, held_out)
    write_json(card.path.with_suffix(".json"), dict(card.metadata) | {KEY: found.to_json()})
    return found


def _unlikeness(card: ModelCard, scans: list[Scan]) -> list[float]:
    """Nothing where the model has no input gate."""
    if not card.gate_path.is_file() or not scans:
        return []
    from brain_core.inference import Detector  # loads TensorFlow

    detector: Detector = Detector(card, EngineSettings())
    parts = [detector.predict(scans[start : start + BATCH]) for start in range(0, len(scans), BATCH)]
    return [each.unlikeness for part in parts for each in part if each.unlikeness is not None]


def _kept(values: np.ndarray) -> tuple[float, ...]:
    ascending = np.sort(values[np.isfinite(values)])
    if len(ascending) > MOST:
        ascending = ascending[np.round(np.linspace(0, len(ascending) - 1, MOST)).astype(int)]
    return tuple(ascending.tolist())
