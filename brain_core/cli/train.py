"""``train``: either model or both on a labelled folder."""

from __future__ import annotations

import argparse
import logging
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

from brain_core.cli.options import add_dataset, add_model, chosen, use_training_kernels
from brain_core.cli.progress import Counter, TrainingReport
from brain_core.datasets.index import load_dataset
from brain_core.models import MODELS
from brain_core.preprocessing import CROPS, FITS, INTENSITIES, PreprocessingSpec
from brain_core.settings import settings
from brain_core.thresholds import RULES

_log = logging.getLogger("brain_core")
_SPEC_OPTIONS = {"crop": CROPS, "fit": FITS, "intensity": INTENSITIES}


def add(commands) -> None:
    parser = commands.add_parser(
        "train",
        help="train either model or both",
        description="Two-phase training on a 70/15/15 split by near-duplicate group.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
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
        "--run-dir", type=Path, metavar="DIR", help="receives model and metadata; under var/runs if not named"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    use_training_kernels()
    config = config_from(options)
    dataset = load_dataset(options.dataset, Counter("reading"))
    for bad in dataset.unreadable:
        _log.warning("left out: %s", bad.reason)
    from brain_core.training.backbones import check_backbone
    from brain_core.training.run import prepare_run, train_model  # loads TensorFlow

    prepared = prepare_run(dataset, config.seed)
    sizes = {part: len(prepared.split.part(part)) for part in ("train", "validation", "test")}
    _log.info(
        "%d scans, %d distinct; split by group: %s; seed %d",
        len(dataset.items),
        len(set(prepared.groups)),
        sizes,
        config.seed,
    )
    run_dir = options.run_dir or settings().home / "runs" / f"{datetime.now():%Y%m%d-%H%M%S}"
    if "resnet50" in chosen(options.model):
        check_backbone(config.backbone)
    for name in chosen(options.model):
        card = train_model(
            name,
            prepared,
            run_dir,
            config,
            spec=spec_from(options, name),
            rule=options.operating_point,
            report=TrainingReport(name),
        )
        auc = card.metadata["metrics"]["validation"]["roc_auc"]
        _log.info("%s %s: validation ROC-AUC %s", name, card.version, _interval(auc))
    _log.info("Models and metadata are in %s. BRAIN_MODELS_DIR=%s serves them.", run_dir, run_dir)
    return 0


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


def _interval(estimate: dict) -> str:
    if estimate["value"] is None:
        return "not computed"
    return f"{estimate['value']:.3f} (95 % interval {estimate['low']:.3f} to {estimate['high']:.3f})"
