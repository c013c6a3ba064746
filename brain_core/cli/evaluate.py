"""``evaluate``: the models in service against a labelled folder."""

from __future__ import annotations

import argparse
import json
import logging
import sys

from brain_core.cli.options import add_dataset, add_model, load_detectors
from brain_core.cli.progress import Counter
from brain_core.datasets.index import load_dataset

_log = logging.getLogger("brain_core")
_WITH_INTERVAL = ("accuracy", "precision", "recall", "specificity", "f1", "roc_auc")


def add(commands) -> None:
    parser = commands.add_parser("evaluate", help="measure the models on labelled scans")
    add_dataset(parser)
    add_model(parser)
    parser.add_argument("--split", choices=("test", "all"), default="test", help="default: %(default)s")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    dataset = load_dataset(options.dataset, Counter("reading"))
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
        lines.append(f"  {'threshold':12} {result['threshold']:.3f}")
    return "\n".join(lines) + "\n"
