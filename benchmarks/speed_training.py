"""Training: phase 1 on cached features against the plain loop, and a step of phase 2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from harness import Report, measure
from speed_engines import MODELS

BATCH_SIZE = 8  # the default of training
WARM_UP = 2  # compiles


def training(report: Report, rounds: int, scans: int, epochs: int) -> None:
    """Phase 1 of ResNet50 once a round, and steps of phase 2 of both models."""
    from training import CACHED, PLAIN, TARGET_PHASE_1, phase_1

    timing = phase_1(scans, epochs, rounds)
    title = (
        f"phase 1 of ResNet50: n = {scans} scans for training and validation each, {epochs} epochs, "
        f"medians and quartiles of {rounds} rounds"
    )
    target = f"plain loop {timing.ratio(PLAIN, CACHED):.1f} times cached features (target: at least {TARGET_PHASE_1})"
    report.add(title, timing.rows(against=CACHED, unit="s"), [target])
    ways: dict[str, Callable[[], object]] = {}
    for name in MODELS:
        ways |= steps(name)
    title = f"a step of phase 2: n = {BATCH_SIZE} scans, ms a scan, medians and quartiles of {rounds} rounds"
    report.add(title, measure(ways, rounds, WARM_UP).rows(scans=BATCH_SIZE))


def steps(name: str) -> dict[str, Callable[[], object]]:
    """Of one model: through all of it, and, where a part stays frozen, above that part with and without running it."""
    import keras

    from brain_core.models import MODELS as NETWORKS
    from brain_core.models import custom_cnn, resnet50
    from brain_core.training.config import TrainConfig

    network, unfreeze = {"custom_cnn": custom_cnn, "resnet50": resnet50}[name], TrainConfig().unfreeze
    rng = np.random.default_rng(0)
    scans, labels = rng.random((BATCH_SIZE, 224, 224, 3), np.float32), rng.integers(0, 2, (BATCH_SIZE, 1))

    def built() -> keras.Model:
        model = NETWORKS[name].build()
        backbone = network.backbone_layers(model)
        for layer in model.layers:
            if layer in backbone[:-unfreeze] or isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        return model

    whole = compiled(built())
    ways = {f"{name}, the whole model": lambda: whole.train_on_batch(scans, labels)}
    if cut := network.cut_below(whole, unfreeze):
        model = built()
        below = keras.Model(model.inputs[0], model.get_layer(cut).output)
        above = compiled(keras.Model(model.get_layer(cut).output, model.output))
        seen = below.predict_on_batch(scans)
        ways[f"{name}, frozen part and what is above"] = lambda: above.train_on_batch(
            below.predict_on_batch(scans), labels
        )
        ways[f"{name}, above the frozen part, variants seen before"] = lambda: above.train_on_batch(seen, labels)
    return ways


def compiled(model):
    """Ready to train as phase 2 does."""
    import keras

    from brain_core.training.config import TrainConfig

    model.compile(keras.optimizers.Adam(TrainConfig().lr_finetune), "binary_crossentropy")
    return model
