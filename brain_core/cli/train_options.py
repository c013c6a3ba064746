"""The options of ``train``, and the settings that they stand for."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

from brain_core.cli.options import add_dataset, add_model
from brain_core.models import MODELS
from brain_core.preprocessing import CROPS, FITS, INTENSITIES, PreprocessingSpec
from brain_core.thresholds import RULES

FRESH, INHERIT = "fresh", "inherit"  # splits
_SPEC_OPTIONS = {"crop": CROPS, "fit": FITS, "intensity": INTENSITIES}


def add_options(parser: argparse.ArgumentParser) -> None:
    """All of them, with the brief's values as defaults."""
    add_dataset(parser)
    add_model(parser)
    parser.add_argument("--epochs-head", type=int, default=20, help="phase 1: frozen backbone, no augmentation")
    parser.add_argument("--epochs-finetune", type=int, default=15, help="phase 2: top layers, augmentation")
    parser.add_argument("--lr-head", type=float, default=3e-4, help="Adam, phase 1")
    parser.add_argument("--lr-finetune", type=float, default=3e-5, help="Adam, phase 2")
    parser.add_argument("--schedule", choices=("constant", "cosine"), default="constant", help="of the rate")
    parser.add_argument("--unfreeze", type=int, default=30, help="backbone layers that phase 2 trains")
    parser.add_argument("--batch-size", type=int, default=8, help="4 where memory is short")
    parser.add_argument("--backbone", default="imagenet", metavar="imagenet|pretrained|FILE", help="ResNet50 weights")
    parser.add_argument("--init", default="", metavar="pretrained|FILE", help="what the custom CNN starts from")
    parser.add_argument(
        "--start", default="", metavar="service|FILE", help="a trained model to go on from, head and all"
    )
    parser.add_argument(
        "--split",
        choices=(FRESH, INHERIT),
        default=FRESH,
        help="inherit: scans that the model in service knows stay in the part that they had",
    )
    parser.add_argument(
        "--leave-out", nargs="+", action="extend", default=[], metavar="SCAN", help="paths in DATASET, as 'check' names"
    )
    parser.add_argument("--extra", default="", metavar="FOLDER", help="a further labelled collection to learn from")
    parser.add_argument("--extra-scans", type=int, default=0, help="of it that an epoch draws, half with a tumour")
    parser.add_argument("--seed", type=int, default=0, help="of split, weights, order and augmentation")
    parser.add_argument(
        "--keep",
        choices=("best", "last", "average"),
        default="best",
        help="best: the epoch of lowest validation loss; average: the running mean of phase 2's weights",
    )
    parser.add_argument("--variants", type=int, default=0, help="variants of a scan in phase 2; 0: new ones each epoch")
    parser.add_argument("--standardise", action="store_true", help="phase 1: features of mean 0 and deviation 1")
    parser.add_argument(
        "--measure-statistics", action="store_true", help="BatchNorm's, on the training scans, in a model trained whole"
    )
    parser.add_argument(
        "--operating-point", choices=list(RULES), default="balanced_accuracy", help="rule, fitted on validation"
    )
    parser.add_argument("--rotation", type=float, default=15.0, help="augmentation: degrees, either way")
    parser.add_argument("--shift", type=float, default=0.05, help="augmentation: of width and height, either way")
    parser.add_argument("--flip", type=float, default=0.5, help="augmentation: probability of a horizontal flip")
    parser.add_argument("--zoom", type=float, nargs=2, default=(0.95, 1.05), help="augmentation: magnification")
    parser.add_argument("--brightness", type=float, nargs=2, default=(0.95, 1.05), help="augmentation: factor")
    parser.add_argument("--strong", action="store_true", help="augmentation: also contrast, aspect, JPEG, captions")
    for name, values in _SPEC_OPTIONS.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0], help="preprocessing")
    parser.add_argument(
        "--run-dir",
        type=Path,
        metavar="DIR",
        help="receives model and metadata; if not named, they become a version, and only one run goes on at a time",
    )
    parser.add_argument("--now", action="store_true", help="do not wait for other runs")
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0 for all")
    parser.add_argument("--nice", type=int, default=0, help="how far below normal priority, up to 19")
    parser.add_argument(
        "--masks", type=Path, metavar="FOLDER", help="outlined tumours to compare with, as of 'localise'"
    )


def spec_from(options: argparse.Namespace, name: str) -> PreprocessingSpec:
    """The preprocessing that the arguments describe, for a model of `MODELS`."""
    return replace(MODELS[name].preprocessing, **{option: getattr(options, option) for option in _SPEC_OPTIONS})


def config_from(options: argparse.Namespace):
    """The `TrainConfig` that the arguments describe.

    Raises:
        ConfigError: a value is out of range.
    """
    from brain_core.training.augmentation import Augmentation
    from brain_core.training.config import TrainConfig

    def taken(kind) -> dict:
        given = {f.name: getattr(options, f.name) for f in fields(kind) if hasattr(options, f.name)}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}

    return TrainConfig(**taken(TrainConfig), augmentation=Augmentation(**taken(Augmentation)))


def words_of(config) -> list[str]:
    """The options that `config_from` takes for this `TrainConfig`, those with a default of their own left out."""
    from brain_core.training.augmentation import Augmentation
    from brain_core.training.config import TrainConfig

    words = []
    for kind, given in ((TrainConfig, config), (Augmentation, config.augmentation)):
        for field in fields(kind):
            value = getattr(given, field.name)
            if field.name == "augmentation" or value == getattr(kind(), field.name):
                continue
            values = [] if value is True else map(str, value) if isinstance(value, tuple) else [str(value)]
            words += [f"--{field.name.replace('_', '-')}", *values]
    return words
