"""``models list``: what is in service; ``models cards``: a document about each."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from brain_core.errors import ModelError
from brain_core.files import replacing
from brain_core.models import MODELS
from brain_core.registry import CROSS_VALIDATION, LOCALISATION, read_card, read_results, sha256_of
from brain_core.settings import PROJECT

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser("models", help="the models in service")
    actions = parser.add_subparsers(required=True, metavar="list|cards")
    actions.add_parser("list", help="version, file, checksum and operating point").set_defaults(run=run_list)
    cards = actions.add_parser("cards", help="write the model cards from stored results")
    cards.add_argument("--output", type=Path, default=PROJECT / "docs", metavar="DIR", help="default: docs/")
    cards.set_defaults(run=run_cards)


def run_list(_: argparse.Namespace) -> int:
    failed = False
    for name in MODELS:
        try:
            sys.stdout.write(_line(name) + "\n")
        except ModelError as error:
            failed = True
            sys.stdout.write(f"{name:10}  error: {error}\n")
    return int(failed)


def run_cards(options: argparse.Namespace) -> int:
    from brain_core.reports.model_card import model_card

    cross_validation, localisation = read_results(CROSS_VALIDATION), read_results(LOCALISATION)
    options.output.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        path = options.output / f"model_card_{name}.md"
        with replacing(path) as part:
            part.write_text(model_card(read_card(name), cross_validation, localisation), encoding="utf-8")
        _log.info("wrote %s", path)
    return 0


def _line(name: str) -> str:
    card = read_card(name)
    if not card.path.is_file():
        raise ModelError(f"{card.path.name} is missing.")
    state = "checksum ok" if sha256_of(card.path) == card.sha256 else "DAMAGED: checksum differs"
    point = card.operating_point
    size = card.path.stat().st_size / 1e6
    file = f"{card.path.name} ({size:.1f} MB, {state})"
    return f"{name:10}  {card.version}  {file}  threshold {point.threshold:.3f} ({point.source})"
