"""Is this picture like those that the models learned from? A distance in a model's own feature space, and its limit.

The distance of a picture is that to its fifth nearest training scan, between features of unit length (cosine distance;
Sun et al. 2022, arXiv:2204.06507, without their contrastive training). The limit is fitted on training scans, each
against those of other groups, and on validation scans.
"""

from __future__ import annotations

import logging
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from brain_core.errors import DatasetError
from brain_core.files import replacing
from brain_core.scans.quality import FLAT

if TYPE_CHECKING:
    from brain_core.inference import Prediction

UNLIKE = "unlike-training-data"
DESCRIPTION = "The picture is unlike the training data: it is not classified."
NOT_ASSESSED = (UNLIKE, FLAT)  # flags of pictures whose label means nothing
NEIGHBOURS = 5
QUANTILE = 0.95  # of the groups' mean distances; the others are false alarms, on data like the training data
FOLDS = 10
FILE_FORMAT = 1
# Of the models, one whose features tell other things from heads without telling one source of heads from another:
# ResNet50's flag a third to all of the brain MRI of another collection.
MODELS_WITH_GATE = ("custom_cnn",)
_log = logging.getLogger("brain_core")


@dataclass(frozen=True, eq=False)
class InputGate:
    """A fitted gate.

    Attributes:
        reference: float32 (n, channels), features of the training scans, each of unit length.
        limit: the distance from which a picture is unlike them, 0..2.
        model_sha256: of the model file whose features these are.
        fitted_on: groups of near-copies that the limit was fitted on.
    """

    reference: np.ndarray
    limit: float
    model_sha256: str
    fitted_on: int

    def unlikeness(self, features: np.ndarray) -> np.ndarray:
        """Distances over the limit: from 1 on, a picture is unlike the training data.

        Args:
            features: float (N, channels), as `explain.gradcam.Explained.features`.

        Returns:
            float64 (N,); infinite where features are not finite.
        """
        found = np.full(len(features), np.inf)
        finite = np.isfinite(features).all(axis=1)
        found[finite] = distances(features[finite], self.reference) / self.limit
        return found

    def save(self, path: Path) -> None:
        """Write it in one step."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(
                file,
                format=FILE_FORMAT,
                reference=self.reference,
                limit=self.limit,
                model_sha256=self.model_sha256,
                fitted_on=self.fitted_on,
            )


def load(path: Path, model_sha256: str) -> InputGate | None:
    """The gate of a model file; None where there is none, or it is damaged or of another file, which is logged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            gate = InputGate(
                kept["reference"].astype(np.float32),
                float(kept["limit"]),
                str(kept["model_sha256"]),
                int(kept["fitted_on"]),
            )
        sound = gate.reference.ndim == 2 and len(gate.reference) >= NEIGHBOURS and 0 < gate.limit <= 2
        if not sound or not np.isfinite(gate.reference).all():
            raise ValueError("impossible values")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        _log.warning("%s is damaged (%s): the model goes on without its input gate.", path.name, type(error).__name__)
        return None
    if gate.model_sha256 != model_sha256:
        _log.warning("%s belongs to another model file: the model goes on without its input gate.", path.name)
        return None
    return gate


def fit(
    train: np.ndarray,
    train_groups: Sequence[int],
    validation: np.ndarray,
    validation_groups: Sequence[int],
    model_sha256: str,
) -> InputGate:
    """The gate of one model.

    Args:
        train, validation: float (n, channels), features of scans of which no group of near-copies is in both.
        train_groups, validation_groups: the group of every scan.

    Raises:
        DatasetError: there are too few training scans of different groups.
    """
    from sklearn.model_selection import GroupKFold  # a second to import, and to use a gate takes none of it

    groups = np.asarray(train_groups)
    folds = min(FOLDS, len(np.unique(groups)))
    if folds < 2 or len(train) < 2 * NEIGHBOURS:
        raise DatasetError(f"The input gate needs {2 * NEIGHBOURS} training scans of 2 groups. Received: {len(train)}.")
    found = np.empty(len(train))
    for others, these in GroupKFold(folds).split(train, groups=groups):
        found[these] = distances(train[these], _unit(train[others]))
    values = np.concatenate([found, distances(validation, _unit(train))])
    names = np.concatenate([groups, np.asarray(validation_groups)])
    means = [values[names == name].mean() for name in np.unique(names)]
    limit = float(np.quantile(means, QUANTILE, method="higher"))
    if not 0 < limit <= 2:
        raise DatasetError("The input gate cannot be fitted: the training scans are all alike to the model.")
    return InputGate(_unit(train), limit, model_sha256, len(means))


def distances(features: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Euclidean distance to the `NEIGHBOURS`-th nearest row of ``reference``, between vectors of unit length.

    Args:
        features: float (N, channels); a row of zeros is as far from all as can be.
        reference: float (n, channels), rows of unit length.

    Returns:
        float64 (N,), 0..2.
    """
    cosine = _unit(features).astype(np.float64) @ reference.T.astype(np.float64)
    nearest = np.sort(-cosine, axis=1)[:, min(NEIGHBOURS, len(reference)) - 1]
    found = np.sqrt(np.maximum(2 + 2 * nearest, 0))
    found[~np.any(features, axis=1)] = 2.0
    return found


def shared(predictions: tuple[Prediction, ...]) -> tuple[Prediction, ...]:
    """The models' predictions of one scan: what one of them finds unlike its training data, none of them classifies."""
    if not any(UNLIKE in prediction.flags for prediction in predictions):
        return predictions
    return tuple(p if UNLIKE in p.flags else replace(p, flags=(*p.flags, UNLIKE)) for p in predictions)


def _unit(features: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
