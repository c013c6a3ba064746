"""How long training takes: phase 1 with cached features against the plain loop, kernels, and whole runs.

    python benchmarks/training.py [--scans 48] [--epochs 20]
    python benchmarks/training.py --kernels [--repeats 5]
    python benchmarks/training.py --dataset DATASET [--extra COLLECTION ...]

The first runs on phantoms and prints seconds of both ways to train the ResNet50 head for equal epochs; that they give
the same weights up to rounding is what `test_cached_features_train_the_head_as_the_plain_loop_does` checks. The second
compares TensorFlow's two sets of kernels on a training step of the custom CNN and of the ResNet50's pretraining, in
processes of their own that take turns. The third trains both models with the settings of those in service, over which
options of `python -m brain_core train` win, and prints the minutes.
"""

from __future__ import annotations

import argparse
import os
import tempfile

from harness import Command, Timing, machine_line, measure, reported, seconds

CACHED, PLAIN = "cached features", "plain loop"
TARGET_PHASE_1, TARGET_MINUTES = 10, 15
WARM_UP_STEPS, TIMED_STEPS = 3, 7
STEPS = {"custom CNN at 224": ("custom_cnn", 224, 8), "ResNet50 at 128": ("resnet50", 128, 16)}  # size, batch size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=48)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--dataset")
    parser.add_argument("--kernels", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--step", choices=tuple(STEPS), help=argparse.SUPPRESS)  # what --kernels runs
    options, train_options = parser.parse_known_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if options.step:
        print(milliseconds(*STEPS[options.step]))
        return
    print(machine_line())
    if options.kernels:
        kernels(options.repeats)
        return
    if options.dataset:
        whole_runs(options.dataset, train_options)
        return
    timing = phase_1(options.scans, options.epochs)
    cached, plain = (timing.median(way) for way in (CACHED, PLAIN))
    print(f"phase 1 of ResNet50, {options.scans} scans for training and validation each, {options.epochs} epochs:")
    print(f"  cached features {cached:.1f} s, plain loop {plain:.1f} s: {plain / cached:.1f} times faster")
    print(f"  target: {TARGET_PHASE_1} times")


def phase_1(scans: int, epochs: int, rounds: int = 1) -> Timing:
    """Of cached features and of the plain loop, each with its own warm-up in the figure."""
    from brain_core.models import MODELS
    from brain_core.training.config import TrainConfig
    from brain_core.training.two_phase import Trainer

    train, validation = phantoms(scans)
    spec, config = MODELS["resnet50"].preprocessing, TrainConfig(epochs_head=epochs, epochs_finetune=0, keep="last")
    models = {}

    def build(way: str) -> None:
        models[way] = MODELS["resnet50"].build()

    ways = {
        CACHED: lambda: Trainer(models[CACHED], spec, config).fit(train, validation),
        PLAIN: lambda: plain_loop(models[PLAIN], spec, config, train, validation),
    }
    return measure(ways, rounds, warm_up=0, before=build)


def phantoms(scans: int) -> tuple:
    """That many for training and for validation, half of them with a lesion."""
    import numpy as np

    from brain_core.models import MODELS
    from brain_core.preprocessing import square
    from brain_core.scans.phantom import draw, random_phantom
    from brain_core.training.batches import Pictures

    spec = MODELS["resnet50"].preprocessing
    drawn = [draw(random_phantom(seed, lesion=seed % 2 == 0, size=224)).grey for seed in range(2 * scans)]
    everything = Pictures(
        np.stack([square(grey, spec) for grey in drawn]),
        np.array([1, 0] * scans, np.float32),
        np.arange(2 * scans),
    )
    return everything.take(np.arange(scans)), everything.take(np.arange(scans, 2 * scans))


def plain_loop(model, spec, config, train, validation) -> None:
    """Phase 1 through the whole model in every step."""
    import keras

    from brain_core.models import resnet50
    from brain_core.preprocessing import scale

    for layer in resnet50.backbone_layers(model):
        layer.trainable = False
    model.compile(keras.optimizers.Adam(config.lr_head), "binary_crossentropy", metrics=["accuracy"])
    model.fit(
        scale(train.squares, spec.scaling),
        train.labels[:, None],
        batch_size=config.batch_size,
        epochs=config.epochs_head,
        validation_data=(scale(validation.squares, spec.scaling), validation.labels[:, None]),
        verbose=0,
    )


def kernels(repeats: int) -> None:
    """Medians over processes that take turns; each tells its milliseconds a scan."""
    ways = {}
    for step in STEPS:
        for onednn in "01":
            command = Command([__file__, "--step", step], {"TF_ENABLE_ONEDNN_OPTS": onednn})
            ways[f"{step}, {onednn}"] = lambda command=command: float(command().split()[-1])
    found = measure(ways, repeats, warm_up=0, timer=reported)
    for step in STEPS:
        plain, onednn = (found.median(f"{step}, {choice}") for choice in "01")
        print(f"{step}: {plain:.1f} ms a scan, with oneDNN {onednn:.1f}: {plain / onednn:.2f} times faster")


def milliseconds(name: str, size: int, batch_size: int) -> float:
    """Of a training step of a network's feature layers and a Dense layer, a scan."""
    import keras
    import numpy as np

    from brain_core.models import MODELS

    backbone = MODELS[name].build_backbone(size)
    pooled = keras.layers.GlobalAveragePooling2D()(backbone.output)
    model = keras.Model(backbone.inputs[0], keras.layers.Dense(1, activation="sigmoid")(pooled))
    model.compile("adam", "binary_crossentropy", jit_compile=False)
    rng = np.random.default_rng(0)
    scans = rng.random((batch_size, size, size, 3), np.float32)
    labels = rng.integers(0, 2, (batch_size, 1))
    timing = measure({name: lambda: model.train_on_batch(scans, labels)}, TIMED_STEPS, WARM_UP_STEPS)
    return timing.median(name) / batch_size * 1000


def whole_runs(dataset: str, train_options: list[str]) -> None:
    """Both models, one after the other."""
    from brain_core.cli import main as brain_core

    total = 0.0
    for name in ("custom_cnn", "resnet50"):
        with tempfile.TemporaryDirectory() as folder:
            chosen = [*options_in_service(name), *train_options]
            words = ["train", dataset, "--model", name, "--run-dir", folder, *chosen]
            minutes = seconds(lambda words=words: succeed(brain_core(words))) / 60
        total += minutes
        print(f"{name}: {minutes:.1f} minutes")
    print(f"both: {total:.1f} minutes (target: under {TARGET_MINUTES})")


def succeed(status: int) -> None:
    if status:
        raise SystemExit(status)


def options_in_service(name: str) -> list[str]:
    """The options of `train` with which the model in service was trained, as far as they differ from the defaults."""
    from brain_core.cli.train_options import words_of
    from brain_core.registry import read_card
    from brain_core.training.config import TrainConfig

    return words_of(TrainConfig.from_json(read_card(name).metadata["training"]))


if __name__ == "__main__":
    main()
