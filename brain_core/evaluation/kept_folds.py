"""Finished folds on disk, so that a cross-validation of hours can be stopped and go on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from brain_core.files import replacing


@dataclass(frozen=True)
class KeptFolds:
    """The arrays of each finished fold of one model, under its number.

    Attributes:
        folder: where they lie; None keeps nothing.
    """

    folder: Path | None

    @staticmethod
    def of(parent: Path | None, name: str, settings: dict) -> KeptFolds:
        """Below ``parent``, in a folder for exactly these settings: others never meet these folds."""
        key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        return KeptFolds(parent and parent / f"{name}-{key}")

    def load(self, number: int) -> dict[str, np.ndarray] | None:
        """None where the fold is not finished."""
        path = self._path(number)
        if not path or not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as file:
            return dict(file)

    def save(self, number: int, arrays: dict[str, np.ndarray]) -> None:
        if path := self._path(number):
            with replacing(path) as temporary:
                np.savez(temporary, **arrays)

    def _path(self, number: int) -> Path | None:
        return self.folder and self.folder / f"{number}.npz"
