"""``runs``: the training runs of this machine, from outside."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from dataclasses import asdict

from brain_core.cli.audited import acting
from brain_core.jobs import control, index, watch
from brain_core.jobs.watch import Seen

LINES = 10  # of the log


def add(commands) -> None:
    parser = commands.add_parser("runs", help="training runs: list, show, resume, cancel, delete")
    actions = parser.add_subparsers(required=True, metavar="list|show|resume|cancel|delete")
    listing = actions.add_parser("list", help="every run, the latest first")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    listing.set_defaults(run=run_list)
    for name, (told, act) in ACTIONS.items():
        action = actions.add_parser(name, help=told)
        action.add_argument("id", metavar="RUN", help="as 'runs list' names it")
        action.set_defaults(run=act)


def run_list(options: argparse.Namespace) -> int:
    found = watch.every()
    if options.format == "json":
        sys.stdout.write(json.dumps([_as_json(seen) for seen in found], indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{line(seen)}\n" for seen in found))
    return 0


def run_show(options: argparse.Namespace) -> int:
    seen = watch.look(index.find(options.id))
    lines = [line(seen)]
    if seen.request:
        asked = seen.request
        lines.append(f"  asked for by {asked.who} on {asked.created[:16].replace('T', ' ')} UTC, BRAIN {asked.version}")
        lines.append(f"  python -m brain_core {shlex.join(asked.words)}")
    lines += [f"  {model}: version {version}" for model, version in (seen.state.versions if seen.state else {}).items()]
    lines += [f"  | {text}" for text in seen.folder.log_tail(LINES)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_resume(options: argparse.Namespace) -> int:
    folder = index.find(options.id)
    with acting("retrain", control.login(), {"what": "resume", "run": folder.id}):
        control.resume(folder)
    return 0


def run_cancel(options: argparse.Namespace) -> int:
    folder = index.find(options.id)
    with acting("cancel run", control.login(), {"run": folder.id}, anyway=True):
        control.cancel(folder)
    while watch.look(folder).is_going_on:  # it stops at its next batch; Ctrl-C stops waiting for that
        time.sleep(0.2)
    return 0


def run_delete(options: argparse.Namespace) -> int:
    folder = index.find(options.id)
    with acting("delete", control.login(), {"what": "run", "run": folder.id}):
        control.delete(folder)
    return 0


ACTIONS = {
    "show": ("how it stands, what it was asked and what it said last", run_show),
    "resume": ("let it go on from its last epoch, in the background", run_resume),
    "cancel": ("stop it at its next batch; it can be resumed", run_cancel),
    "delete": ("remove a run that is not going on; versions that it trained stay", run_delete),
}


def line(seen: Seen) -> str:
    """One run in a line."""
    what = f"{'+'.join(seen.request.models)} on {seen.request.data}" if seen.request else ""
    return "  ".join(filter(None, [seen.folder.id, f"{seen.status:11}", what, _far(seen), seen.reason]))


def _far(seen: Seen) -> str:
    progress = seen.folder.progress() if seen.is_going_on else None
    if not progress:
        return ""
    if {"model", "phase", "epoch", "epochs"} <= progress.keys():
        return f"{progress['model']} {progress['phase']} epoch {progress['epoch']}/{progress['epochs']}"
    return f"{progress['what']} {progress['done']}/{progress['total']}"


def _as_json(seen: Seen) -> dict:
    known = {"id": seen.folder.id, "status": seen.status, "reason": seen.reason, "progress": seen.folder.progress()}
    request = {"request": asdict(seen.request) if seen.request else None}
    return known | request | {"state": asdict(seen.state) if seen.state else None}
