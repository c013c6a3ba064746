"""Models against a reference standard: internal testing on the stored split, or testing on any labelled folder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core import metrics
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.errors import DatasetError
from brain_core.inference import Detector
from brain_core.operating_points import OperatingPoint
from brain_core.preprocessing import BATCH

TEST, ALL = "test", "all"


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one model on one set of scans.

    Attributes:
        operating_point: the one in use, at which the metrics were taken.
        trained_on: how many of the scans the model was trained on (byte-identical); above 0 the figures flatter.
    """

    model: str
    version: str
    part: str
    operating_point: OperatingPoint
    metrics: metrics.Metrics
    trained_on: int

    def to_json(self) -> dict:
        return {
            "version": self.version,
            "part": self.part,
            "trained_on": self.trained_on,
            **self.metrics.to_json(),
            "threshold_source": self.operating_point.source,
        }


def evaluate(dataset: Dataset, detector: Detector, part: str = TEST, progress=lambda done, total: None) -> Evaluation:
    """Score a data set and measure.

    Args:
        part: ``test`` takes the scans of the model's own test part, recognised by content; ``all`` takes every scan.
        progress: called with (done, total).

    Raises:
        DatasetError: ``test`` was asked for and none of its scans is here.
    """
    card = detector.card
    keys = [scan.key for scan in dataset.scans]
    chosen = list(range(len(keys)))
    if part == TEST:
        test = {row["sha256"] for row in card.metadata["predictions"][TEST]}
        chosen = [i for i in chosen if keys[i] in test]
        if not chosen:
            raise DatasetError(
                f"Data set {dataset.root.name}: none of the {len(test)} scans of the test part of {card.name} "
                f"{card.version} is in it. '--split all' scores every scan."
            )
    probability = np.empty(len(chosen))
    for start in range(0, len(chosen), BATCH):
        batch = [dataset.scans[i] for i in chosen[start : start + BATCH]]
        probability[start : start + len(batch)] = [p.probability for p in detector.predict(batch)]
        progress(min(start + BATCH, len(chosen)), len(chosen))
    labels = np.array(dataset.labels)[chosen]
    groups = near_duplicate_groups(dataset.scans)[chosen]
    trained = set(card.metadata.get("data", {}).get("train_sha256", ()))
    return Evaluation(
        model=card.name,
        version=card.version,
        part=part,
        operating_point=card.operating_point,
        metrics=metrics.compute(labels, probability, card.operating_point.threshold, groups),
        trained_on=sum(keys[i] in trained for i in chosen),
    )
