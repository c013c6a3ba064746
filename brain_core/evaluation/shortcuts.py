"""What can be had without looking at the brain: baselines that every model must beat."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from brain_core import thresholds
from brain_core.datasets.index import Dataset
from brain_core.evaluation.cross_validated import OutOfFold
from brain_core.training.cross_validation import Fold, FoldScores

THUMBNAIL = 32  # pixels a side
METADATA, THUMBNAILS, MAJORITY = "metadata only", "32x32 thumbnail", "majority class"


def baseline_scorers(dataset: Dataset) -> dict[str, Callable[[Fold], FoldScores]]:
    """By name, what scores a fold: width, height and file size; a thumbnail."""
    labels = np.array(dataset.labels)
    features = {METADATA: _metadata(dataset), THUMBNAILS: _thumbnails(dataset)}
    return {name: _Logistic(values, labels) for name, values in features.items()}


def majority(labels, repeats: int) -> OutOfFold:
    """What says of every scan that it is of the larger class ('tumour' of two equal ones); neither map nor choice."""
    labels = np.asarray(labels)
    shape = (repeats, len(labels))
    larger, ones = np.full(shape, float(labels.mean() >= 0.5)), np.ones(shape)
    return OutOfFold(larger, larger, ones, 0 * ones, {rule: ones / 2 for rule in thresholds.RULES})


class _Logistic:
    """Logistic regression on fixed features, fitted on a fold's training scans."""

    def __init__(self, features: np.ndarray, labels: np.ndarray):
        self._features, self._labels = features, labels

    def __call__(self, fold: Fold) -> FoldScores:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000))
        model.fit(self._features[fold.train], self._labels[fold.train])
        score = [model.predict_proba(self._features[part])[:, 1] for part in (fold.validation, fold.test)]
        return FoldScores(*score)


def _metadata(dataset: Dataset) -> np.ndarray:
    """(N, 4): logarithms of width, height, file size and aspect ratio."""
    rows = [
        (scan.width, scan.height, item.path.stat().st_size, scan.width / scan.height)
        for item, scan in zip(dataset.items, dataset.scans, strict=True)
    ]
    return np.log(np.array(rows, float))


def _thumbnails(dataset: Dataset) -> np.ndarray:
    """(N, 1024): the whole picture, stretched."""
    size = (THUMBNAIL, THUMBNAIL)
    return np.stack([cv2.resize(s.grey, size, interpolation=cv2.INTER_AREA).ravel() for s in dataset.scans]) / 255.0
