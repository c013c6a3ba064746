"""The program's command line with networks of a few hundred weights, as slow and as talkative as a test wants it.

``TINY_BATCH_SECONDS``: further seconds a training batch. ``TINY_STEPS``: take so many steps of 20 ms instead of
training anything, without TensorFlow. ``TINY_TURNS``: file that hears of a run's status just before it changes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from brain_core.cli import main, train
from brain_core.jobs.recorder import Recorder
from brain_core.models import MODELS, Architecture

STEP = 0.02  # seconds


def build(name: str):
    """Layers named as two-phase training knows them, a dropout whose draws matter among them."""
    import keras
    from keras import layers

    from tests.helpers import SIZE

    x = inputs = layers.Input((SIZE, SIZE, 3), name="scan")
    x = layers.Conv2D(4, 5, strides=8, padding="same", activation="relu", name="conv1")(x)
    x = layers.Conv2D(6, 3, strides=4, padding="same", activation="relu", name=MODELS[name].gradcam_layer)(x)
    x = layers.Dropout(0.25, name="dropout3")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x), name=name)


BUILD = property(lambda architecture: lambda: build(architecture.name))


def _slow(step):
    def slowed(recorder, what, *about, **more):
        if what == "training":
            time.sleep(float(os.environ.get("TINY_BATCH_SECONDS", "0")))
        step(recorder, what, *about, **more)

    return slowed


def _told(change):
    def told(recorder, **changes):
        if "status" in changes:
            with Path(os.environ["TINY_TURNS"]).open("a") as file:
                file.write(f"{recorder.folder.id} {changes['status']}\n")
        change(recorder, **changes)

    return told


def _steps(order, recorder, **_):
    count = int(os.environ["TINY_STEPS"])
    for done in range(1, count + 1):
        time.sleep(STEP)
        recorder.step("steps", done, count)


if __name__ == "__main__":
    Architecture.build = BUILD
    Recorder.step = _slow(Recorder.step)
    if "TINY_TURNS" in os.environ:
        Recorder.change = _told(Recorder.change)
    if "TINY_STEPS" in os.environ:
        train.carry_out = _steps
    sys.exit(main())
