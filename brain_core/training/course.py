"""The course of a training over both phases: what was measured after each epoch, what is kept, where to go on."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from brain_core.training.checkpoint import Checkpoint, Snapshot
from brain_core.training.config import BEST
from brain_core.training.progress import Progress, Report

DIGITS = 5  # of stored metrics


class Best(keras.callbacks.Callback):
    """Remembers the weights of the epoch with the lowest validation loss, over both phases.

    Attributes:
        weights: by position in the whole model's weights; those that have not been trained yet are not among them.
    """

    def __init__(self, keep: str, whole: keras.Model):
        super().__init__()
        self._keep, self._whole = keep, whole
        self._position = {id(variable): i for i, variable in enumerate(whole.weights)}
        self.loss, self.weights = np.inf, {}

    def on_epoch_end(self, epoch, logs=None):
        if self._keep == BEST and logs["val_loss"] < self.loss:
            self.loss, self.weights = logs["val_loss"], self._weights_of(self.model)

    def begin(self, trained: keras.Model) -> None:
        """Another part of the model is going to be trained: what is remembered has had its weights until now."""
        if self.weights:
            self.weights = self._weights_of(trained) | self.weights

    def rewrite(self, change: Callable[[], None]) -> None:
        """Apply a change of the model's weights in place to those that it has and to those remembered."""
        if self.weights:
            current = self._whole.get_weights()
            self.restore()
            change()
            self.weights = {i: keras.ops.convert_to_numpy(self._whole.weights[i]) for i in self.weights}
            self._whole.set_weights(current)
        change()

    def restore(self) -> None:
        for i, values in self.weights.items():
            self._whole.weights[i].assign(values)

    def _weights_of(self, trained: keras.Model) -> dict[int, np.ndarray]:
        return {self._position[id(v)]: keras.ops.convert_to_numpy(v) for v in trained.weights}


class Course(keras.callbacks.Callback):
    """Writes the checkpoint after each epoch and takes training up from the one that there is.

    Attributes:
        history: by phase the metrics of each finished epoch.
    """

    def __init__(self, best: Best, report: Report, checkpoint: Checkpoint | None = None):
        super().__init__()
        self.best, self.report, self._checkpoint = best, report, checkpoint
        self._taken_up = checkpoint.read() if checkpoint else None
        self.history: dict[str, list[dict]] = dict(self._taken_up.history) if self._taken_up else {}
        self._phase = ""

    def is_past(self, phase: str) -> bool:
        """Whether a later phase than this has begun."""
        return self._taken_up is not None and self._taken_up.phase != phase and phase in self.history

    def begin(self, phase: str, trained: keras.Model) -> int:
        """Of a compiled model: brings it where the checkpoint left it; returns how many epochs are done."""
        self._phase = phase
        self.best.begin(trained)
        found, self._taken_up = self._taken_up, None
        if found is not None and found.phase == phase:
            trained.optimizer.build(trained.trainable_variables)
            _assign(trained.variables, found.model)
            _assign(trained.optimizer.variables, found.optimizer)
            self.best.loss, self.best.weights = found.best_loss, found.best
        return len(self.history.setdefault(phase, []))

    def on_train_begin(self, logs=None):
        """Tell of the last epoch that was taken up: what was cut off may have written it before it was heard of."""
        if rows := self.history[self._phase]:
            epochs, steps = self.params["epochs"], self.params["steps"]
            self.report(Progress(self._phase, len(rows), epochs, steps, steps, rows[-1]))

    def on_epoch_end(self, epoch, logs=None):
        rows = self.history[self._phase]
        rows.append({name: round(float(value), DIGITS) for name, value in logs.items()})
        if self._checkpoint and self._checkpoint.is_due(last=len(rows) == self.params["epochs"]):
            self._checkpoint.write(
                Snapshot(
                    self._phase,
                    self.history,
                    _arrays(self.model.variables),
                    _arrays(self.model.optimizer.variables),
                    self.best.weights,
                    self.best.loss,
                )
            )


def _arrays(variables: list) -> dict[int, np.ndarray]:
    return {i: keras.ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}


def _assign(variables: list, arrays: dict[int, np.ndarray]) -> None:
    for i, values in arrays.items():
        variables[i].assign(values)
