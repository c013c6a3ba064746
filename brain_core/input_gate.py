"""Is this picture like those that a model was trained on? The nearest training scan in the model's features tells.

The distance of a scan is 1 - cosine between its pooled features and those of the nearest training scan. The threshold
is conformal (Vovk et al. 2005): it exceeds so many distances of scans outside the reference that a new scan of the
same source is called unlike with a probability of about `FALSE_ALARMS`, whatever the distribution.
"""

from __future__ import annotations

import logging
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brain_core.errors import DatasetError
from brain_core.files import replacing

_log = logging.getLogger("brain_core")
FALSE_ALARMS = 0.01  # with fewer than 99 distinct scans the largest distance is the threshold
FOLDS = 10  # of the training scans, by group, for distances to scans other than their own copies
SUFFIX = ".gate.npz"  # beside the model
MOST_BYTES = 50_000_000  # of a file that is read
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class InputGate:
    """What a model's training scans look like to it.

    Attributes:
        model_sha256: checksum of the model file that the features come from.
        reference: float16 (M, C), unit vectors, one a training scan.
        threshold: distance above which a scan is unlike them, above 0.
        n: distinct scans that the threshold rests on.
    """

    model_sha256: str
    reference: np.ndarray
    threshold: float
    n: int

    def score(self, features: np.ndarray) -> np.ndarray:
        """Distance in units of the threshold: above 1 is unlike the training data; infinite for NaN.

        Args:
            features: float (N, C).

        Returns:
            float64 (N,).
        """
        return distance(features, self.reference) / self.threshold


def distance(features: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """1 - cosine to the nearest of the reference, float64 (N,), 0..2; 1 for a vector of zeros.

    Args:
        features: float (N, C).
        reference: float (M, C), unit vectors.
    """
    found = 1 - (directions(features) @ np.asarray(reference, np.float64).T).max(axis=1)
    return np.where(np.isnan(found), np.inf, np.maximum(found, 0))


def directions(features: np.ndarray) -> np.ndarray:
    """Unit vectors, float64 (N, C); zeros stay zeros."""
    features = np.asarray(features, np.float64)
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def conformal_threshold(distances: np.ndarray, groups: np.ndarray, false_alarms: float = FALSE_ALARMS) -> float:
    """The ceil((n + 1) (1 - rate))-th smallest of n distances, one a group (its largest); the largest where n is small.

    Args:
        distances: (N,), of scans that the reference does not hold.
        groups: (N,), near-duplicates share one.
    """
    one = np.sort([distances[groups == group].max() for group in np.unique(groups)])
    rank = math.ceil((len(one) + 1) * (1 - false_alarms))
    return float(one[min(rank, len(one)) - 1])


def fit(train: np.ndarray, train_groups, validation: np.ndarray, validation_groups, model_sha256: str) -> InputGate:
    """The gate of a model from features of its training and validation scans; no test scan and no other picture.

    The threshold comes from validation scans and, since those are few, from training scans too, each against a
    reference without its group and nine tenths of the others.

    Args:
        train, validation: float (N, C).
        train_groups, validation_groups: (N,), near-duplicates share one.

    Raises:
        DatasetError: fewer than two groups to train on, or features that are not finite or all the same.
    """
    from sklearn.model_selection import GroupKFold

    train_groups, validation_groups = np.asarray(train_groups), np.asarray(validation_groups)
    count = len(set(train_groups.tolist()))
    if count < 2 or not (np.isfinite(train).all() and np.isfinite(validation).all()):
        raise DatasetError(
            f"Input gate: expected finite features of two distinct scans or more. Received: {count} distinct scans."
        )
    reference = directions(train).astype(np.float16)
    held_out = np.empty(len(train))
    for rest, part in GroupKFold(min(FOLDS, count)).split(train, groups=train_groups):
        held_out[part] = distance(train[part], reference[rest])
    distances = np.concatenate([held_out, distance(validation, reference) if len(validation) else []])
    groups = np.concatenate([train_groups, validation_groups])
    threshold = conformal_threshold(distances, groups)
    if not threshold > 0:
        raise DatasetError("Input gate: the features of all scans are the same.")
    return InputGate(model_sha256, reference, threshold, len(set(groups.tolist())))


def save(gate: InputGate, path: Path) -> None:
    """Write it in one step."""
    with replacing(path) as part:
        np.savez_compressed(
            part,
            format=_FORMAT,
            model_sha256=gate.model_sha256,
            reference=gate.reference,
            threshold=gate.threshold,
            n=gate.n,
        )


def load(path: Path, model_sha256: str) -> InputGate | None:
    """The gate of that model file; None where there is none, and with a warning where it is damaged or another's."""
    if not path.is_file():
        return None
    try:
        gate = _read(path)
        if gate.model_sha256 != model_sha256:
            raise ValueError(f"it belongs to the model {gate.model_sha256:.12}, not to {model_sha256:.12}")
    except (OSError, ValueError, LookupError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        _log.warning("%s cannot be used (%s): unusual pictures are not recognised by it.", path.name, error)
        return None
    return gate


def _read(path: Path) -> InputGate:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"expected at most {MOST_BYTES} bytes")
    with np.load(path, allow_pickle=False) as stored:
        if int(stored["format"]) != _FORMAT:
            raise ValueError(f"format: expected {_FORMAT}. Received: {int(stored['format'])}")
        gate = InputGate(
            str(stored["model_sha256"]), stored["reference"], float(stored["threshold"]), int(stored["n"])
        )
    norms = np.linalg.norm(gate.reference.astype(np.float64), axis=-1)
    if gate.reference.ndim != 2 or not len(norms) or not np.isfinite(norms).all():
        raise ValueError(f"reference: expected finite vectors (M, C). Received: {gate.reference.shape}")
    if not 0 < gate.threshold < np.inf:
        raise ValueError(f"threshold: expected a number above 0. Received: {gate.threshold}")
    return gate
