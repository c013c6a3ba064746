"""``localise``: do the heatmaps point at the tumours that readers outlined?"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from brain_core.cli.options import add_model, load_detectors
from brain_core.cli.progress import Counter
from brain_core.files import write_json
from brain_core.intervals import Estimate
from brain_core.registry import LOCALISATION, results_file


def add(commands) -> None:
    parser = commands.add_parser(
        "localise",
        help="measure where the heatmaps point",
        description="Pointing game and share of heatmap energy inside the mask, against two baselines; and what each "
        "model says of the scans with their tumours erased.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with images/ and masks/, files of the same names")
    add_model(parser)
    parser.add_argument("--layer", help="Grad-CAM of this layer instead of the model's own (one --model only)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument("--store", action="store_true", help="keep the result beside the models, for their cards")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from brain_core.evaluation.erasure import erase
    from brain_core.evaluation.localisation import baselines, load_masked, localise
    from brain_core.inference import Detector

    cases = load_masked(options.folder)
    detectors, failed = load_detectors(options.model)
    if options.layer:
        detectors = [Detector(replace(d.card, gradcam_layer=options.layer)) for d in detectors]
    found = [localise(cases, detector, Counter(detector.card.name)) for detector in detectors] + baselines(cases)
    record = {"data": options.folder.name, "n": len(cases), "rows": [asdict(row) for row in found]}
    record["versions"] = {detector.card.name: detector.card.version for detector in detectors}
    without = [erase(cases, detector, Counter(f"{detector.card.name}, erased")) for detector in detectors]
    record["erased"] = [asdict(row) for row in without]
    if options.store:
        write_json(results_file(LOCALISATION), record)
    sys.stdout.write(json.dumps(record, indent=1) + "\n" if options.format == "json" else _table(record))
    return int(failed)


def _table(record: dict) -> str:
    lines = [f"{record['n']} scans of {record['data']}"]
    for row in record["rows"]:
        figures = [
            f"{name} {row[key]['value']:.3f} ({row[key]['low']:.3f} to {row[key]['high']:.3f})"
            for name, key in (("pointing game", "pointing"), ("energy inside", "energy"))
        ]
        lines.append(
            f"  {row['source']:18} {'  '.join(figures)}  flat maps {row['flat']}  {row['layer'] or ''}".rstrip()
        )
    for row in record["erased"]:
        found, still, change = (Estimate(**row[key]) for key in ("found", "still", "change"))
        lines.append(
            f"  {row['source']}, tumour erased in {row['n']} scans ({row['left_out']} have no side to stand in)"
        )
        lines.append(f"    called a tumour before {found.text()}, after {still.text()}")
        lines.append(f"    probability changes by {change.text(signed=True)}")
    return "\n".join(lines) + "\n"
