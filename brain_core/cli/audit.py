"""``audit``: the audit log from outside."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict

HASH = re.compile("[0-9a-f]{64}")
LATEST = 50  # entries


def add(commands) -> None:
    parser = commands.add_parser("audit", help="the audit log: who did what when, and whether it is whole")
    actions = parser.add_subparsers(required=True, metavar="verify|list|head")
    verify = actions.add_parser("verify", help="go through the chain; exit status 1 where it is broken")
    verify.add_argument("--head", type=_hash, metavar="HASH", help="kept from 'audit head': must still be in the log")
    verify.set_defaults(run=run_verify)
    listing = actions.add_parser("list", help="entries, the latest first")
    listing.add_argument("--user", metavar="NAME")
    listing.add_argument("--action", metavar="ACTION", help="such as 'sign-in', 'promote', 'delete'")
    listing.add_argument("--limit", type=int, default=LATEST, metavar="N", help="default: %(default)s")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    listing.set_defaults(run=run_list)
    head = actions.add_parser("head", help="hash of the latest entry, to be kept on another machine")
    head.set_defaults(run=run_head)


def run_verify(options: argparse.Namespace) -> int:
    from brain_core import audit

    found = audit.verify(options.head)
    what = "whole" if found.ok else f"BROKEN: {found.problem}"
    sys.stdout.write(f"{found.entries} entries, {what}\nhead {found.head}\n")
    return 0 if found.ok else 1


def run_list(options: argparse.Namespace) -> int:
    from brain_core import audit
    from brain_core.errors import ConfigError

    if options.action not in (None, *audit.actions.ACTIONS):
        known = ", ".join(audit.actions.ACTIONS)
        raise ConfigError(f"--action: expected one of {known}. Received: {options.action!r:.40}.")
    if options.limit < 1:
        raise ConfigError(f"--limit: expected a positive whole number. Received: {options.limit}.")
    found = audit.entries(user=options.user, action=options.action, limit=options.limit)
    if options.format == "json":
        as_json = [asdict(entry) | {"at": entry.at.isoformat()} for entry in found]
        sys.stdout.write(json.dumps(as_json, indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{_line(entry)}\n" for entry in found))
    return 0


def run_head(options: argparse.Namespace) -> int:
    from brain_core import audit

    sys.stdout.write(audit.head() + "\n")
    return 0


def _line(entry) -> str:
    details = ", ".join(f"{name} {_printable(str(value))}" for name, value in entry.details.items())
    when = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC"
    return f"{entry.number:6}  {when}  {entry.action:18}  {_printable(entry.user)}  {details}".rstrip()


def _printable(text: str) -> str:
    """No control characters: they could make a terminal show something else."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _hash(text: str) -> str:
    if not HASH.fullmatch(text):
        raise argparse.ArgumentTypeError("expected 64 hexadecimal digits")
    return text
