"""``evaluate``: the models in service against a labelled folder."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import replace

from brain_core.cli.options import add_dataset, add_model, chosen, load_detectors, use_training_kernels
from brain_core.cli.progress import Counter
from brain_core.datasets.index import Dataset, load_dataset
from brain_core.files import write_json
from brain_core.models import MODELS
from brain_core.registry import CROSS_VALIDATION, read_card, results_file
from brain_core.settings import settings

_log = logging.getLogger("brain_core")
_WITH_INTERVAL = ("accuracy", "precision", "recall", "specificity", "f1", "roc_auc")


def add(commands) -> None:
    parser = commands.add_parser("evaluate", help="measure the models on labelled scans")
    add_dataset(parser)
    add_model(parser)
    parser.add_argument(
        "--protocol",
        choices=("split", "cv"),
        default="split",
        help="split scores the models in service; cv trains anew in repeated cross-validation by group, with the "
        "settings of the models in service; default: %(default)s",
    )
    parser.add_argument("--split", choices=("test", "all"), default="test", help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="cv: of the five folds; default: %(default)s")
    parser.add_argument(
        "--repeats-of",
        action="append",
        default=[],
        metavar="MODEL=N",
        type=_repeats_of,
        help="cv: fewer of them for a model that takes long to train; the ensemble then has no more",
    )
    parser.add_argument("--backbone", metavar="imagenet|pretrained|FILE", help="cv: in place of the recorded choice")
    parser.add_argument("--init", metavar="pretrained|FILE", help="cv: likewise for the custom CNN")
    parser.add_argument("--extra", metavar="FOLDER", help="cv: where the further scans lie that a model learned from")
    parser.add_argument("--store", action="store_true", help="cv: keep the result beside the models, for their cards")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    dataset = load_dataset(options.dataset, Counter("reading"))
    return _cross_validation(options, dataset) if options.protocol == "cv" else _stored_split(options, dataset)


def _stored_split(options: argparse.Namespace, dataset: Dataset) -> int:
    detectors, failed = load_detectors(options.model)
    from brain_core.evaluation import evaluate

    results = {}
    for detector in detectors:
        result = evaluate(dataset, detector, options.split, Counter(detector.card.name))
        results[result.model] = result.to_json()
        if result.trained_on:
            _log.warning(
                "%s was trained on %d of these %d scans; its figures flatter.",
                result.model,
                result.trained_on,
                result.metrics.n,
            )
    text = json.dumps(results, indent=1) + "\n" if options.format == "json" else _table(results)
    sys.stdout.write(text)
    return int(failed or bool(dataset.unreadable))


def _cross_validation(options: argparse.Namespace, dataset: Dataset) -> int:
    use_training_kernels()
    from brain_core.evaluation.protocol import cross_validate, setup_of

    changes = {name: getattr(options, name) for name in ("backbone", "init", "extra")}
    fewer = dict(options.repeats_of)
    record = cross_validate(
        dataset,
        {
            name: replace(setup_of(read_card(name), **changes), repeats=fewer.get(name))
            for name in chosen(options.model)
        },
        repeats=options.repeats,
        progress=lambda name, done, total: _log.info("%s: fold %d of %d", name, done, total),
        keep=settings().home / "cross_validation",
    )
    if options.store:
        write_json(results_file(CROSS_VALIDATION), record)
    text = json.dumps(record, indent=1) + "\n" if options.format == "json" else _rows(record)
    sys.stdout.write(text)
    return int(bool(dataset.unreadable))


def _repeats_of(text: str) -> tuple[str, int]:
    """``MODEL=N``; argparse shows the message."""
    name, _, count = text.partition("=")
    if name not in MODELS or not count.isdecimal() or int(count) < 1:
        raise argparse.ArgumentTypeError(f"expected MODEL=N with a model of {', '.join(MODELS)}. Received: {text!r}.")
    return name, int(count)


def _rows(record: dict) -> str:
    plan, data = record["protocol"], record["data"]
    lines = [
        f"{data['name']}: {plan['repeats']} times {plan['folds']} folds by group, one scan a group; seed {plan['seed']}"
    ]
    for name, row in record["rows"].items():
        at = row["at"]["balanced_accuracy"]
        figures = [
            f"{short} {at[key]['value']:.3f} ({at[key]['low']:.3f} to {at[key]['high']:.3f})"
            for short, key in (
                ("AUC", "roc_auc"),
                ("accuracy", "accuracy"),
                ("sens. at spec. 0.85", "sensitivity_at_85"),
            )
        ]
        fewer = f"  (repeats: {plan['repeats_of'][name]})" if name in plan.get("repeats_of", {}) else ""
        lines.append(f"  {name:16} {'  '.join(figures)}  Brier {at['brier']:.3f}  ECE {at['ece']:.3f}{fewer}")
    for name, shifts in record["robustness"].items():
        lines.append(f"  {name}, change of the probability")
        lines.extend(
            f"    {s['change']:24} mean {s['mean']:.3f}  worst {s['worst']:.3f}  other label {s['relabelled']:.1%}"
            for s in shifts
        )
    return "\n".join(lines) + "\n"


def _table(results: dict[str, dict]) -> str:
    lines = []
    for model, result in results.items():
        counts = f"n = {result['n']}, {result['groups']} distinct, {result['positives']} with tumour"
        lines.append(f"{model} {result['version']}: {counts}")
        for name in _WITH_INTERVAL:
            estimate = result[name]
            if estimate["value"] is None:
                lines.append(f"  {name:12} not computed")
            else:
                lines.append(f"  {name:12} {estimate['value']:.3f}  ({estimate['low']:.3f} to {estimate['high']:.3f})")
        lines.append(f"  {'brier':12} {result['brier']:.3f}\n  {'ece':12} {result['ece']:.3f}")
        lines.append(f"  {'threshold':12} {result['threshold']:.3f}  ({result['threshold_source']})")
    return "\n".join(lines) + "\n"
