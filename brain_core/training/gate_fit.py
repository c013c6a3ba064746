"""The input gate of a trained model, from the scans that it learned from and those that it was validated on."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from brain_core import input_gate
from brain_core.datasets.index import Dataset
from brain_core.errors import DatasetError
from brain_core.explain.gradcam import GradCam
from brain_core.input_gate import MODELS_WITH_GATE, InputGate
from brain_core.preprocessing import BATCH, PreprocessingSpec, prepare_batch
from brain_core.registry import ModelCard
from brain_core.scans import Scan

_log = logging.getLogger("brain_core")


def features_of(explain: GradCam, scans: Sequence[Scan], spec: PreprocessingSpec) -> np.ndarray:
    """As the gate takes them, float32 (n, channels)."""
    parts = [
        explain(prepare_batch(list(scans[start : start + BATCH]), spec)).features
        for start in range(0, len(scans), BATCH)
    ]
    return np.concatenate(parts)


def fit_gate(
    card: ModelCard, dataset: Dataset, groups: np.ndarray, train: Sequence[int], validation: Sequence[int]
) -> InputGate:
    """The gate of a model, from its own parts of a data set.

    Args:
        groups: of near-copies, one a scan of the data set.
        train, validation: indices of the parts' scans.

    Raises:
        DatasetError: there are too few scans.
    """
    explain = GradCam(card.load(), card.gradcam_layer)
    found = {
        part: features_of(explain, [dataset.scans[i] for i in chosen], card.preprocessing)
        for part, chosen in (("train", train), ("validation", validation))
    }
    return input_gate.fit(found["train"], groups[train], found["validation"], groups[validation], card.sha256)


def write_gate(
    card: ModelCard, dataset: Dataset, groups: np.ndarray, train: Sequence[int], validation: Sequence[int]
) -> InputGate | None:
    """Fit and save it beside the model, where its kind has one; what an earlier model left there goes."""
    card.gate_path.unlink(missing_ok=True)
    if card.name not in MODELS_WITH_GATE:
        return None
    try:
        gate = fit_gate(card, dataset, groups, train, validation)
    except DatasetError as error:
        _log.warning("%s: no input gate. %s", card.name, error)
        return None
    gate.save(card.gate_path)
    return gate
