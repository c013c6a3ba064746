"""``report``: the five figures and the numbers behind them, from stored results."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from pathlib import Path

from brain_core.datasets.samples import samples
from brain_core.errors import ConfigError

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "report",
        help="write figures for print and tables from stored results",
        description="Five figures (PNG, 300 dpi), metrics.json and metrics.md from what is stored beside the models.",
    )
    parser.add_argument("--out", type=Path, default=Path("results"), metavar="DIR", help="default: results/")
    parser.add_argument(
        "--dataset",
        type=Path,
        metavar="DATASET",
        help="sample scans from this folder; default: BRAIN_DATA_DIR or the downloaded set, else synthetic phantoms",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.out.exists() and not options.out.is_dir():
        raise ConfigError(f"{options.out}: expected a folder; it is a file.")
    shown = samples(options.dataset)
    from brain_core.reports.figures.gradcam_heatmaps import explain  # loads TensorFlow and matplotlib
    from brain_core.reports.results import write_results
    from brain_core.reports.stored import read_stored

    stored = read_stored()
    _log.info("scoring %d %ss with %s", len(shown), shown[0].origin, " and ".join(stored.cards) or "no model")
    explained = explain(stored, shown)
    for name, reason in explained.missing.items():
        _log.error("error: %s: %s", name, reason)
    for path in write_results(options.out, stored, shown, explained, _command(options)):
        _log.info("wrote %s", path.name)
        sys.stdout.write(f"{path}\n")
    return int(bool(explained.missing))


def _command(options: argparse.Namespace) -> str:
    words = ["python", "-m", "brain_core", "report", "--out", str(options.out)]
    return shlex.join(words + (["--dataset", str(options.dataset)] if options.dataset else []))
