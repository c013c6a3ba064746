"""``dataset check`` and ``dataset download``."""

from __future__ import annotations

import argparse
import sys

from brain_core.cli.options import add_dataset
from brain_core.cli.progress import Counter
from brain_core.datasets.check import DatasetReport, check
from brain_core.datasets.index import load_dataset
from brain_core.datasets.kaggle import NAVONEEL, download


def add(commands) -> None:
    parser = commands.add_parser("dataset", help="check or download a data set")
    actions = parser.add_subparsers(required=True, metavar="check|download")
    checking = actions.add_parser(
        "check", help="what training on it would find; exit status 1 if it should not be used"
    )
    add_dataset(checking)
    checking.set_defaults(run=run_check)
    fetch = actions.add_parser("download", help="from Kaggle, with your credentials")
    fetch.add_argument("source", nargs="?", default=NAVONEEL, metavar="SOURCE", help="owner/name; default: %(default)s")
    fetch.set_defaults(run=run_download)


def run_download(options: argparse.Namespace) -> int:
    sys.stdout.write(f"{download(options.source)}\n")
    return 0


def run_check(options: argparse.Namespace) -> int:
    report = check(load_dataset(options.dataset, Counter("reading")))
    sys.stdout.write("\n".join(_lines(report)) + "\n")
    return int(not report.ok)


def _lines(report: DatasetReport) -> list[str]:
    widths = [width for width, _ in report.sizes]
    return [
        f"{len(report.sizes)} scans: {_counts(report.kinds)}",
        f"{report.distinct} distinct pictures (near-copies counted once)",
        f"{report.identical} byte-identical copies",
        f"{report.near_identical} near-identical copies (the same picture, changed)",
        f"{len(set(report.sizes))} sizes, {min(widths)} to {max(widths)} pixels wide",
        f"colour modes: {_counts(report.modes)}",
        f"{len(report.unreadable)} unreadable files",
        *(f"  {bad.reason}" for bad in report.unreadable),
        f"{len(report.conflicts)} near-duplicate groups hold both classes",
        *(f"  {', '.join(group)}" for group in report.conflicts),
        *_split_lines(report),
    ]


def _split_lines(report: DatasetReport) -> list[str]:
    if report.split is None:
        return [f"cannot be trained on: {report.refusal}"]
    return [
        f"split by group: {_counts(report.split)}",
        *(f"  {part}: {_counts(classes)}" for part, classes in report.split_by_class.items()),
    ]


def _counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in numbers.items())
