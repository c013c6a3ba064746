"""What a long run tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One step of a run: batch ``batch`` of ``batches`` in epoch ``epoch`` of ``epochs`` of ``phase``.

    ``metrics`` holds the epoch's means when ``batch == batches``, else it is empty.
    """

    phase: str
    epoch: int
    epochs: int
    batch: int
    batches: int
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def epoch_ended(self) -> bool:
        return self.batch == self.batches and bool(self.metrics)


Report = Callable[[Progress], None]
"""Receives every `Progress`; it may raise `brain_core.errors.Cancelled` to stop the run at the next batch."""


def silent(_: Progress) -> None:
    """Reports nothing."""
