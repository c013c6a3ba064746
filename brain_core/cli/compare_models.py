"""``models compare``: a trained version against the model in service, and whether it may take its place."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.cli.options import add_dataset
from brain_core.cli.progress import Counter
from brain_core.datasets.index import load_dataset
from brain_core.errors import ConfigError
from brain_core.intervals import Estimate
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.settings import settings

if TYPE_CHECKING:
    from brain_core.evaluation.challenge_parts import Pointing
    from brain_core.evaluation.challenge_record import Comparison

_log = logging.getLogger("brain_core")
FIGURES = {
    "ROC-AUC": "roc_auc",
    "sensitivity": "recall",
    "specificity": "specificity",
    "PPV": "precision",
    "NPV": "npv",
    "accuracy": "accuracy",
    "Brier": "brier",
    "ECE": "ece",
}  # as shown: name of `figures.NAMES`


def add_compare(actions) -> None:
    """Add the command to those of ``models``."""
    parser = actions.add_parser(
        "compare",
        help="a trained version against the model in service",
        description="Both on the version's own test part, less what either model has seen; whether the version is not "
        "worse by more than BRAIN_GATE_MARGIN. The result is kept beside the version.",
    )
    parser.add_argument("version", metavar="VERSION", help="of a trained model, as 'models list' names it")
    add_dataset(parser)
    parser.add_argument("--model", choices=list(MODELS), help="whose version it is, where two share one")
    parser.add_argument(
        "--masks", type=Path, metavar="FOLDER", help="with images/ and masks/: also where heatmaps point"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.set_defaults(run=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Compare, keep the record beside the version and print it."""
    from brain_core import versions

    found = versions.find(options.model, options.version) if options.model else versions.find_any(options.version)
    if found.in_service:
        raise ConfigError(f"{found.title} {found.version} is in service: expected a version to compare with it.")
    challenger, champion = found.card(), read_card(found.name)
    from brain_core.evaluation.challenge import compare
    from brain_core.evaluation.challenge_record import FILE_NAME, write
    from brain_core.evaluation.localisation import load_masked

    masked = load_masked(options.masks) if options.masks else ()
    dataset = load_dataset(options.dataset, Counter("reading"))
    comparison = compare(
        challenger,
        champion,
        dataset,
        masked=masked,
        margin=settings().gate_margin,
        progress=Counter("comparing"),
    )
    if found.shipped:
        _log.info("The shipped files stay as they are: the result is not kept.")
    else:
        write(comparison, found.folder)
        _log.info("wrote %s/%s", found.folder.name, FILE_NAME)
    record = comparison.to_json()
    sys.stdout.write(json.dumps(record, indent=1) + "\n" if options.format == "json" else table(comparison))
    return int(bool(dataset.unreadable))


def table(found: Comparison) -> str:
    """What was found, for a terminal."""
    lines = [
        f"challenger {found.challenger.name} {found.challenger.version}",
        f"champion   {found.champion.name} {found.champion.version}",
        f"{found.n} scans of {found.data.name}, {found.groups} distinct, {found.tumours} with a tumour",
        *_left_out(found),
    ]
    if found.tests:
        lines += ["", found.tests.sentence, "", *_figures(found), "", *_robustness(found), *_baselines(found)]
    lines += _pointing(found)
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join([*lines, "", *_gate(found)]) + "\n"


def _left_out(found: Comparison) -> list[str]:
    out = found.left_out
    lines = [f"left out: {out.scans} scans in {out.groups} groups, as a model has seen them or a copy"]
    lines += [f"  {reason}: {count.scans} scans in {count.groups} groups" for reason, count in out.reasons.items()]
    return [*lines, f"not in the data set: {out.absent} scans of the challenger's test part"]


def _figures(found: Comparison) -> list[str]:
    one, two = found.models.challenger, found.models.champion
    lines = [
        "Of all scans; the tests above and the gate below count one scan of each near-duplicate group.",
        f"{'':12} {'challenger':27} {'champion':27} difference",
    ]
    for title, name in FIGURES.items():
        columns = [short(card.metrics.shown(name)) for card in (one, two)]
        lines.append(f"{title:12} {columns[0]:27} {columns[1]:27} {short(found.tests.differences[name], signed=True)}")
    lines.append(f"{'threshold':12} {one.threshold:<27.3f} {two.threshold:.3f}")
    return lines + [
        f"  challenger's threshold: {one.threshold_source}",
        f"  champion's threshold: {two.threshold_source}",
    ]


def short(estimate: Estimate, *, signed: bool = False) -> str:
    """Without the reasons, which would break the columns."""
    if estimate.value is None:
        return "not computed"
    sign = "+" if signed else ""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:{sign}.3f}"
    return f"{estimate.value:{sign}.3f} ({estimate.low:{sign}.3f} to {estimate.high:{sign}.3f})"


def _robustness(found: Comparison) -> list[str]:
    lines = [f"change of the probability under changes that leave the diagnosis, {found.robustness.n} scans"]
    for role in ("challenger", "champion"):
        lines += [
            f"  {role:10} {s.change:24} mean {s.mean:.3f}  worst {s.worst:.3f}  other label {s.relabelled:.1%}"
            for s in getattr(found.robustness, role)
        ]
    return lines


def _baselines(found: Comparison) -> list[str]:
    return ["ROC-AUC without looking at the brain"] + [f"  {b.name:16} {b.roc_auc.text()}" for b in found.baselines]


def _pointing(found: Comparison) -> list[str]:
    if not found.pointing:
        return []
    return [
        f"heatmaps on {found.pointing.challenger.n} scans with outlined tumours",
        *_points("challenger", found.pointing.challenger),
        *_points("champion", found.pointing.champion),
    ]


def _points(role: str, of: Pointing) -> list[str]:
    return [
        f"  {role:10} pointing game {short(of.hits)}  energy inside {short(of.energy)}  flat maps {of.flat}",
        f"  {'':10} tumour erased in {of.erasable}: called one before {short(of.found)}, after {short(of.still)}",
    ]


def _gate(found: Comparison) -> list[str]:
    marks = [f"  {'passed' if check.passed else 'NOT passed':10}  {check.name}" for check in found.gate.checks]
    return [*marks, found.gate.text]
