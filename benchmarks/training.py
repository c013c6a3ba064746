"""How long training takes: phase 1 with cached features against the plain loop, and whole runs.

    python benchmarks/training.py [--scans 48] [--epochs 20]
    python benchmarks/training.py --dataset DATASET --backbone FILE [--strong --keep average ...]

The first runs on phantoms and prints seconds of both ways to train the ResNet50 head for equal epochs; that they give
the same weights up to rounding is what `test_cached_features_train_the_head_as_the_plain_loop_does` checks. The second
trains both models as `python -m brain_core train` does, with any option of it, and prints the minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time

TARGET_PHASE_1, TARGET_MINUTES = 10, 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=48)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--dataset")
    options, train_options = parser.parse_known_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(f"{platform.machine()}, {os.cpu_count()} cores")
    if options.dataset:
        whole_runs(options.dataset, train_options)
        return
    cached, plain = phase_1(options.scans, options.epochs)
    print(f"phase 1 of ResNet50, {options.scans} scans for training and validation each, {options.epochs} epochs:")
    print(f"  cached features {cached:.1f} s, plain loop {plain:.1f} s: {plain / cached:.1f} times faster")
    print(f"  target: {TARGET_PHASE_1} times")


def phase_1(scans: int, epochs: int) -> tuple[float, float]:
    """Seconds of cached features and of the plain loop, each with its own warm-up in the figure."""
    import keras
    import numpy as np

    from brain_core.models import MODELS, resnet50
    from brain_core.preprocessing import scale, square
    from brain_core.scans.phantom import draw, random_phantom
    from brain_core.training.batches import Pictures
    from brain_core.training.config import TrainConfig
    from brain_core.training.two_phase import Trainer

    spec = MODELS["resnet50"].preprocessing
    drawn = [draw(random_phantom(seed, lesion=seed % 2 == 0, size=224)).grey for seed in range(2 * scans)]
    everything = Pictures(
        np.stack([square(grey, spec) for grey in drawn]),
        np.array([1, 0] * scans, np.float32),
        np.arange(2 * scans),
    )
    train, validation = everything.take(np.arange(scans)), everything.take(np.arange(scans, 2 * scans))
    config = TrainConfig(epochs_head=epochs, epochs_finetune=0, keep="last")

    model = MODELS["resnet50"].build()
    start = time.perf_counter()
    Trainer(model, spec, config).fit(train, validation)
    cached = time.perf_counter() - start

    model = MODELS["resnet50"].build()
    for layer in resnet50.backbone_layers(model):
        layer.trainable = False
    start = time.perf_counter()
    model.compile(keras.optimizers.Adam(config.lr_head), "binary_crossentropy", metrics=["accuracy"])
    model.fit(
        scale(train.squares, spec.scaling),
        train.labels[:, None],
        batch_size=config.batch_size,
        epochs=epochs,
        validation_data=(scale(validation.squares, spec.scaling), validation.labels[:, None]),
        verbose=0,
    )
    return cached, time.perf_counter() - start


def whole_runs(dataset: str, train_options: list[str]) -> None:
    """Both models, one after the other."""
    from brain_core.cli import main as brain_core

    total = 0.0
    for name in ("custom_cnn", "resnet50"):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            status = brain_core(["train", dataset, "--model", name, "--run-dir", folder, *train_options])
            minutes = (time.perf_counter() - start) / 60
        if status:
            raise SystemExit(status)
        total += minutes
        print(f"{name}: {minutes:.1f} minutes")
    print(f"both: {total:.1f} minutes (target: under {TARGET_MINUTES})")


if __name__ == "__main__":
    main()
