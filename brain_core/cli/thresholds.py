"""``thresholds show|set|revert``: the operating points in use, who set them, and what was set before."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from brain_core import operating_points
from brain_core.cli.audited import acting
from brain_core.cli.options import add_model, chosen
from brain_core.errors import ConfigError, ModelError
from brain_core.jobs.control import login
from brain_core.models import MODELS
from brain_core.operating_points import NOT_STATED, REVERT, OperatingPoint, SavedPoint, Standing
from brain_core.registry import ModelCard, read_card
from brain_core.thresholds import DEFAULT_RULE, IN_WORDS

BY_HAND, NOT_FITTED = "chosen by hand", "not fitted on data"
RULES = ", ".join(IN_WORDS)


def add(commands) -> None:
    parser = commands.add_parser("thresholds", help="the operating points in use, and their history")
    actions = parser.add_subparsers(required=True, metavar="show|set|revert")
    show = actions.add_parser("show", help="what is in use, the model's own, and all that was set before")
    add_model(show)
    show.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    show.set_defaults(run=run_show)
    set_ = actions.add_parser("set", help="use a threshold from now on, on the Detect page and in predict")
    _add_model_name(set_)
    set_.add_argument("threshold", metavar="THRESHOLD", help=f"0 to 1, or a rule fitted in training: {RULES}")
    set_.add_argument("--reason", required=True, metavar="TEXT", help="why, in one line")
    set_.add_argument("--name", required=True, metavar="READER", help="who decided")
    set_.set_defaults(run=run_set)
    revert = actions.add_parser("revert", help="back one step, in the end to the model's own")
    _add_model_name(revert)
    revert.add_argument("--reason", default=NOT_STATED, metavar="TEXT", help="default: %(default)s")
    revert.add_argument("--name", default=NOT_STATED, metavar="READER", help="default: %(default)s")
    revert.set_defaults(run=run_revert)


def run_show(options: argparse.Namespace) -> int:
    as_json, found, failed = options.format == "json", {}, False
    for name in chosen(options.model):
        try:
            card = read_card(name)
        except ModelError as error:
            found[name], failed = {"error": str(error)} if as_json else f"{name:10}  error: {error}", True
            continue
        standing = operating_points.read(card)
        found[name] = _record(card, standing) if as_json else _lines(card, standing)
        failed |= standing.problem is not None
    text = json.dumps(found, indent=1, ensure_ascii=False) if as_json else "\n".join(found.values())
    sys.stdout.write(text + "\n")
    return int(failed)


def run_set(options: argparse.Namespace) -> int:
    card = read_card(options.model)
    threshold, rule, fitted_on = _chosen(card, options.threshold)
    about = {"model": card.name, "version": card.version, "threshold": threshold}
    with acting("threshold", login(), about):
        point = operating_points.save(
            card, threshold, rule=rule, fitted_on=fitted_on, reason=options.reason, name=options.name
        )
    sys.stdout.write(_in_use(card, point) + "\n")
    return 0


def run_revert(options: argparse.Namespace) -> int:
    card = read_card(options.model)
    with acting("threshold reverted", login(), {"model": card.name, "version": card.version}):
        point = operating_points.revert(card, name=options.name, reason=options.reason)
    sys.stdout.write(_in_use(card, point) + "\n")
    return 0


def _add_model_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", choices=list(MODELS), metavar="MODEL", help=" or ".join(MODELS))


def _chosen(card: ModelCard, text: str) -> tuple[float, str, str]:
    """Threshold, rule and what it was fitted on."""
    if text in IN_WORDS:
        stored = card.metadata.get("thresholds", {})
        if text not in stored:
            raise ConfigError(f"THRESHOLD: {text} is not stored with this model. Give a number from 0 to 1.")
        fitted_on = NOT_FITTED if text == DEFAULT_RULE else card.own_operating_point.fitted_on
        return stored[text], IN_WORDS[text], fitted_on
    try:
        return float(text), BY_HAND, NOT_FITTED
    except ValueError as error:
        raise ConfigError(f"THRESHOLD: expected a number from 0 to 1, or {RULES}. Received: {text!r}.") from error


def _record(card: ModelCard, standing: Standing) -> dict:
    return {
        "version": card.version,
        "threshold": standing.in_use.threshold,
        "source": standing.in_use.source,
        "own": asdict(standing.own),
        "history": [asdict(entry) | {"of_this_version": entry.is_for(card)} for entry in standing.history],
        "problem": standing.problem,
    }


def _lines(card: ModelCard, standing: Standing) -> str:
    own = standing.own
    lines = [_in_use(card, standing.in_use), f"  the model's own: {own.threshold:.3f} ({own.source})"]
    lines += [f"  error: {standing.problem}"] if standing.problem else []
    return "\n".join(lines + [f"  {_entry(entry, card)}" for entry in standing.history])


def _in_use(card: ModelCard, point: OperatingPoint) -> str:
    return f"{card.name:10}  {card.version}  threshold {point.threshold:.3f} ({point.source})"


def _entry(point: SavedPoint, card: ModelCard) -> str:
    when = f"{point.at[:16].replace('T', ' ')} UTC"
    action = "back to" if point.action == REVERT else "set"
    origin = f"({point.rule}, {point.fitted_on}) by {point.name}: {point.reason}"
    other = "" if point.is_for(card) else f"; of version {point.version}, does not apply"
    return f"{when}  {action:7} {point.threshold:.3f} {origin}{other}"
