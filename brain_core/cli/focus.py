"""``focus``: do both models look at the same places?"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from typing import TYPE_CHECKING

from brain_core.cli.options import add_dataset
from brain_core.cli.progress import Counter
from brain_core.datasets.index import load_dataset
from brain_core.files import write_json
from brain_core.models import MODELS
from brain_core.registry import FOCUS, read_card, results_file

if TYPE_CHECKING:
    from brain_core.evaluation.focus import Focus

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "focus",
        help="measure how far the heatmaps of both models agree",
        description="Rank correlation and overlap of both models' heatmaps on the scans of their test parts, when both "
        "are right and when not.",
    )
    add_dataset(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument("--store", action="store_true", help="keep the result beside the models")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from brain_core.evaluation.focus import common_test, compare

    cards = [read_card(name) for name in MODELS]
    common = common_test(cards)
    dataset = load_dataset(options.dataset, Counter("reading"))
    from brain_core.inference import Detector  # loads TensorFlow

    found = compare(dataset, *(Detector(card) for card in cards), Counter("comparing"))
    if absent := len(common - {row.sha256 for row in found.rows}):
        _log.warning("%d of the %d scans in both test parts are not in this data set.", absent, len(common))
    record = found.to_json()
    if options.store:
        write_json(results_file(FOCUS), record)
    sys.stdout.write(json.dumps(record, indent=1) + "\n" if options.format == "json" else _table(found))
    return int(bool(dataset.unreadable))


def _table(found: Focus) -> str:
    from brain_core.evaluation.agreement import CHANCE_OVERLAP

    compared = " and ".join(f"{name} {version} ({found.layers[name]})" for name, version in found.versions.items())
    lines = [f"{len(found.rows)} scans of {found.data}, in the test parts of {compared}"]
    for subset in found.subsets:
        lines += [
            f"  {subset.name:10}  n = {subset.n}, {subset.groups} distinct, {subset.flat} with a flat heatmap",
            f"    rank correlation  {subset.correlation.text()}",
            f"    overlap           {subset.overlap.text()}",
        ]
    return "\n".join([*lines, f"  overlap of independent heatmaps: {CHANCE_OVERLAP:.3f}"]) + "\n"
