"""Keras callbacks."""

from __future__ import annotations

import keras

from brain_core.training.progress import Progress, Report


class ReportCallback(keras.callbacks.Callback):
    """Passes on what Keras' ``fit`` does."""

    def __init__(self, phase: str, report: Report):
        super().__init__()
        self._phase, self._report, self._epoch = phase, report, 1

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        self._send(batch + 1, {})

    def on_epoch_end(self, epoch, logs=None):
        self._send(self.params["steps"], {name: float(value) for name, value in (logs or {}).items()})

    def _send(self, batch: int, metrics: dict[str, float]) -> None:
        self._report(Progress(self._phase, self._epoch, self.params["epochs"], batch, self.params["steps"], metrics))
