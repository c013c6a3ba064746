"""``monitor``: use, drift, outcomes and alerts; for cron, containers and Prometheus."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

LONGEST = 36_500  # days


def add(commands) -> None:
    parser = commands.add_parser(
        "monitor",
        help="use, errors, drift and outcomes; exit status 1 where an alert is on",
        description="Figures of the latest days and the alerts that they raise (BRAIN_MONITOR_DAYS, BRAIN_ALERT_…). "
        "Exit status: 0 no alert, 1 an alert is on, 2 bad usage.",
    )
    parser.add_argument("--format", choices=("table", "json", "prometheus"), default="table")
    parser.add_argument("--days", type=int, metavar="N", help="of the latest N days; default: BRAIN_MONITOR_DAYS")
    parser.add_argument(
        "--listen",
        metavar="[ADDRESS:]PORT",
        help="serve /healthz (503 while an alert is on) and /metrics until it is stopped; without sign-in, and "
        "on this machine only unless an address is given",
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="DATASET",
        help="instead, work out anew what inputs are compared with, from the scans of DATASET that the models in "
        "service learned from, and keep it in their metadata; training does so by itself",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from brain_core.errors import ConfigError
    from brain_core.settings import settings

    days = settings().monitor.window_days if options.days is None else options.days
    if not 1 <= days <= LONGEST:
        raise ConfigError(f"--days: expected a whole number from 1 to {LONGEST}. Received: {days}.")
    if options.reference:
        return _learn(options.reference)
    return _listen(options.listen, days) if options.listen else _show(options.format, days)


def _show(form: str, days: int) -> int:
    from brain_core.monitoring import alert_log, exposition, records
    from brain_core.monitoring.reading import Totals, totals
    from brain_core.monitoring.report import make
    from brain_core.settings import settings
    from brain_core.store.records import now

    report = make(now(), days)
    if days == settings().monitor.window_days:  # another window would make alerts come and go
        alert_log.note(report.alerts)
    if form == "json":
        sys.stdout.write(json.dumps(records.to_json(report), indent=1) + "\n")
    elif form == "prometheus":
        sys.stdout.write(exposition.text(report, totals() if report.usage else Totals({}, {})))
    else:
        sys.stdout.write(records.to_table(report))
    return int(bool(report.on))


def _listen(where: str, days: int) -> int:
    from brain_core.monitoring.server import address_of, server

    with server(*address_of(where), days) as serving:
        serving.serve_forever()
    return 0


def _learn(folder: Path) -> int:
    from brain_core.cli.progress import Counter
    from brain_core.datasets.index import load_dataset
    from brain_core.models import MODELS
    from brain_core.registry import read_card
    from brain_core.training.input_reference import learn_again

    dataset = load_dataset(folder, Counter("reading"))
    for name in MODELS:
        card = read_card(name)
        found = learn_again(card, dataset)
        sys.stdout.write(f"{card.name} {card.version}: inputs of {found.n} distinct training scans kept\n")
    return 0
