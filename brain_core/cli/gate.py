"""``gate``: fit and measure the input gate, which flags what is unlike the training data."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from brain_core.cli.options import add_dataset
from brain_core.cli.progress import Counter
from brain_core.datasets.index import load_dataset
from brain_core.errors import ModelError
from brain_core.files import write_json
from brain_core.input_gate import MODELS_WITH_GATE
from brain_core.registry import INPUT_GATE, read_card, results_file


def add(commands) -> None:
    parser = commands.add_parser(
        "gate",
        help="measure the input gate",
        description="What the input gate of a model in service flags: scans of its validation and test parts, drawings "
        "of other things, the ends of a volume.",
    )
    add_dataset(parser)
    parser.add_argument("--model", choices=MODELS_WITH_GATE, default=MODELS_WITH_GATE[0], help="default: %(default)s")
    parser.add_argument("--fit", action="store_true", help="fit it anew first and keep it beside the model")
    parser.add_argument("--other", type=Path, metavar="FOLDER", help="class folders of another collection, to measure")
    parser.add_argument("--store", action="store_true", help="keep the result beside the models, for their cards")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from brain_core.evaluation.gate_alarms import FIRST_SEED, MOST_OF_A_FOLDER, measure, refit
    from brain_core.inference import Detector  # loads TensorFlow

    card = read_card(options.model)
    dataset = load_dataset(options.dataset, Counter("reading"))
    if options.fit:
        refit(card, dataset).save(card.gate_path)
    detector = Detector(card)
    if detector.gate is None:
        raise ModelError(f"{card.title} {card.version} has no input gate: fit one with --fit.")
    record = {
        "model": card.name,
        "version": card.version,
        "data": dataset.root.name,
        "limit": detector.gate.limit,
        "fitted_on": detector.gate.fitted_on,
        "scans": len(detector.gate.reference),
        "first_seed": FIRST_SEED,
        "most_of_a_class": MOST_OF_A_FOLDER,
        **measure(detector, dataset, options.other, Counter("kinds")),
    }
    if options.store:
        write_json(results_file(INPUT_GATE), record)
    sys.stdout.write(json.dumps(record, indent=1) + "\n" if options.format == "json" else _table(record))
    return int(bool(dataset.unreadable))


def _table(record: dict) -> str:
    lines = [f"{record['model']} {record['version']}, fitted on {record['fitted_on']} groups of {record['data']}"]
    for section, rows in record.items():
        if isinstance(rows, dict):
            lines.append(section.replace("_", " "))
            lines += [
                f"  {name:14}  {row['flagged']:3} of {row['n']:3} flagged, {row['share']:.3f} "
                f"({row['low']:.3f} to {row['high']:.3f})"
                for name, row in rows.items()
            ]
    return "\n".join(lines) + "\n"
