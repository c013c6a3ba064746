"""The training history that is stored with a model: epoch by epoch, over both phases."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.registry import ModelCard

PHASES = ("phase 1", "phase 2")
NOT_STORED = "not stored: training history"
PARTS = {"": "training", "val_": "validation"}  # by the start of a figure's name


@dataclass(frozen=True)
class History:
    """Every epoch's figures in order.

    Attributes:
        epochs: by name (``loss``, ``val_loss``, …) the values of each.
        ends: by phase the number of its last epoch, counted from 1.
    """

    epochs: tuple[dict[str, float], ...]
    ends: dict[str, int]

    def values(self, name: str) -> tuple[list[int], list[float]]:
        """Numbers of the epochs that hold the figure, and its values there."""
        held = [(number, epoch[name]) for number, epoch in enumerate(self.epochs, 1) if name in epoch]
        return [number for number, _ in held], [value for _, value in held]


def history_of(card: ModelCard) -> History:
    """As stored; without an epoch where nothing is, or where it is no history."""
    stored = card.metadata.get("history")
    stored = stored if isinstance(stored, dict) else {}
    epochs: list[dict] = []
    ends = {}
    for phase in PHASES:
        rows = [row for row in stored.get(phase) or () if isinstance(row, dict)]
        if rows:
            epochs += rows
            ends[phase] = len(epochs)
    return History(tuple(epochs), ends)
