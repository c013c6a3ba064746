"""``models list``: what is in service."""

from __future__ import annotations

import argparse
import sys

from brain_core.errors import ModelError
from brain_core.models import MODELS
from brain_core.registry import read_card, sha256_of


def add(commands) -> None:
    parser = commands.add_parser("models", help="the models in service")
    actions = parser.add_subparsers(required=True, metavar="list")
    actions.add_parser("list", help="version, file, checksum and operating point").set_defaults(run=run_list)


def run_list(_: argparse.Namespace) -> int:
    failed = False
    for name in MODELS:
        try:
            sys.stdout.write(_line(name) + "\n")
        except ModelError as error:
            failed = True
            sys.stdout.write(f"{name:10}  error: {error}\n")
    return int(failed)


def _line(name: str) -> str:
    card = read_card(name)
    if not card.path.is_file():
        raise ModelError(f"{card.path.name} is missing.")
    state = "checksum ok" if sha256_of(card.path) == card.sha256 else "DAMAGED: checksum differs"
    point = card.operating_point
    size = card.path.stat().st_size / 1e6
    file = f"{card.path.name} ({size:.1f} MB, {state})"
    return f"{name:10}  {card.version}  {file}  threshold {point.threshold:.3f} ({point.source})"
