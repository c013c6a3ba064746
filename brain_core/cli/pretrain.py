"""``pretrain``: the ResNet50 backbone on a larger brain-MRI collection."""

from __future__ import annotations

import argparse
import logging
from dataclasses import fields
from pathlib import Path

from brain_core.cli.options import add_dataset, use_training_kernels
from brain_core.cli.progress import Counter, TrainingReport
from brain_core.datasets.index import load_dataset
from brain_core.models import MODELS

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "pretrain",
        help="pretrain a model's feature layers",
        description="Learns features on a collection with one sub-folder "
        "a kind. Run again with the same --run-dir, it goes on from the last epoch.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_dataset(parser)
    parser.add_argument("--model", choices=sorted(MODELS), default="resnet50", help="whose feature layers")
    parser.add_argument("--init", type=Path, metavar="FILE", help="weights to start from, of all or some stages")
    parser.add_argument(
        "--teacher", type=Path, metavar="FILE", help="to distil from: DenseNet169 (npz) or a backbone.npz"
    )
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--size", type=int, default=128, help="side of the training view in pixels")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3, help="peak rate of the new layers")
    parser.add_argument(
        "--early-lr",
        type=float,
        default=0.1,
        help="factor on it for stages that came with weights; 0: do not train these",
    )
    parser.add_argument("--kind-weight", type=float, default=0.3, help="of the tumour-kind loss")
    parser.add_argument("--lesion-weight", type=float, default=1.0, help="of the painted-lesion loss")
    parser.add_argument(
        "--objectives",
        nargs="+",
        choices=("distillation", "kind", "lesion", "classes"),
        default=("distillation", "kind", "lesion"),
        help="what to learn; 'classes' is plain supervised classification",
    )
    parser.add_argument("--held-out", type=float, default=0.15, help="share of near-duplicate groups never shown")
    parser.add_argument(
        "--exclude", type=Path, metavar="DATASET", help="leave out every copy of its scans, turned and mirrored too"
    )
    parser.add_argument("--gentle", action="store_true", help="augment as fine-tuning does; for small networks")
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="where '--backbone pretrained' looks if not named")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    use_training_kernels()
    dataset = load_dataset(options.dataset, Counter("reading"))
    for bad in dataset.unreadable:
        _log.warning("left out: %s", bad.reason)
    excluded = load_dataset(options.exclude, Counter("reading")) if options.exclude else None
    from brain_core.training.backbones import own_backbone
    from brain_core.training.pretraining import PretrainConfig, pretrain  # loads TensorFlow

    values = {f.name: getattr(options, f.name) for f in fields(PretrainConfig)}
    config = PretrainConfig(**values | {"objectives": tuple(options.objectives)})
    run_dir = options.run_dir or own_backbone(config.model).parent
    path = pretrain(
        dataset,
        run_dir,
        config,
        init=options.init,
        teacher=options.teacher,
        exclude=excluded,
        report=TrainingReport("backbone"),
    )
    _log.info("Backbone: %s. 'train --backbone %s' uses it.", path, path if options.run_dir else "pretrained")
    return 0
