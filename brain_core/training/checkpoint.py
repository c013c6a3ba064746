"""Where a training stands after its last finished epoch, on disk, so that one that was cut off goes on from there."""

from __future__ import annotations

import json
import logging
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from brain_core.errors import DatasetError
from brain_core.files import replacing

_log = logging.getLogger("brain_core")
EVERY = 5.0  # seconds: epochs on cached features last less than the writing of what they changed
_ABOUT = "about"  # name of the entry that holds what is no array, as JSON
_GROUPS = ("model", "optimizer", "best")
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, zipfile.BadZipFile)  # what reading raises


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All that decides how training goes on.

    Attributes:
        phase: that is being trained.
        history: by phase the metrics of each finished epoch; its length tells which epoch comes next.
        model, optimizer: float32 and others, by position in the trained part's and the optimizer's ``variables``.
        best: by position in the whole model's ``weights``, those of the epoch to be kept; empty where none is.
        best_loss: infinity where none is.
    """

    phase: str
    history: dict[str, list[dict]]
    model: dict[int, np.ndarray]
    optimizer: dict[int, np.ndarray]
    best: dict[int, np.ndarray] = field(default_factory=dict)
    best_loss: float = float("inf")


class Checkpoint:
    """One file, replaced in one step after an epoch.

    Args:
        key: says what is trained on what; a file of another key is refused.
        every: seconds between two files; the last epoch of a phase is always written.
    """

    def __init__(self, path: Path, key: str, every: float = EVERY):
        self._path, self._key, self._every, self._written = path, key, every, -np.inf

    def read(self) -> Snapshot | None:
        """None where there is none, or none that can be read: training then begins anew.

        Raises:
            DatasetError: it is of other data or settings.
        """
        try:
            with np.load(self._path, allow_pickle=False) as file:
                about = json.loads(str(file[_ABOUT]))
                key, phase, history, loss = (about[name] for name in ("key", "phase", "history", "best_loss"))
                arrays = {group: {} for group in _GROUPS}
                for name in file.files:
                    if name != _ABOUT:
                        group, number = name.split("/")
                        arrays[group][int(number)] = file[name]
                if about["arrays"] != {group: len(found) for group, found in arrays.items()}:
                    raise ValueError("arrays are missing")
        except FileNotFoundError:
            return None
        except _DAMAGE as error:
            _log.warning("%s is damaged (%s): training begins anew.", self._path.name, error)
            return None
        if key != self._key:
            raise DatasetError(
                "The data set, the settings or the weights to start from are no longer those with which this run "
                f"began, so that it cannot go on. Start a new run, or delete {self._path.name} in its folder."
            )
        return Snapshot(phase, history, **arrays, best_loss=loss)

    def is_due(self, last: bool) -> bool:
        """Whether the epoch that has just ended is to be written; ``last`` of its phase."""
        return last or time.monotonic() - self._written >= self._every

    def write(self, snapshot: Snapshot) -> None:
        about = {
            "key": self._key,
            "phase": snapshot.phase,
            "history": snapshot.history,
            "best_loss": snapshot.best_loss,
            "arrays": {group: len(getattr(snapshot, group)) for group in _GROUPS},
        }
        arrays = {f"{group}/{i}": array for group in _GROUPS for i, array in getattr(snapshot, group).items()}
        with replacing(self._path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{_ABOUT: np.array(json.dumps(about))}, **arrays)
        self._written = time.monotonic()

    def remove(self) -> None:
        """When training has ended well."""
        self._path.unlink(missing_ok=True)
