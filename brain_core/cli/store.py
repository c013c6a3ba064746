"""``store``: the prediction store from outside."""

from __future__ import annotations

import argparse
import getpass
import logging
import sys
from dataclasses import asdict
from pathlib import Path

_log = logging.getLogger(__name__)

KEPT_NAMES = "The audit log keeps the old one, and so do the histories of operating points, versions and runs."


def add(commands) -> None:
    parser = commands.add_parser("store", help="the prediction store: status, migration, retention, deletion, export")
    actions = parser.add_subparsers(required=True, metavar="status|migrate|prune|delete|delete-user|export")
    status = actions.add_parser("status", help="which database, what it holds, and whether it can be reached")
    status.set_defaults(run=run_status)
    migrate = actions.add_parser("migrate", help="make the tables or bring them up to date; done on first use too")
    migrate.set_defaults(run=run_migrate)
    prune = actions.add_parser("prune", help="delete what is older than BRAIN_RETENTION_DAYS")
    prune.add_argument("--days", type=int, metavar="N", help="older than so many days; default: the setting's")
    prune.add_argument("--yes", action="store_true", help="do it; without this it only says how much it would be")
    prune.set_defaults(run=run_prune)
    delete = actions.add_parser("delete", help="delete all of a case: predictions, feedback, kept scans")
    delete.add_argument("case", metavar="CASE", help="its key, as in the export")
    delete.set_defaults(run=run_delete)
    user = actions.add_parser("delete-user", help="put a name that tells nothing in place of a user's")
    user.add_argument("name", metavar="NAME", help="as in the export; the audit log keeps it")
    user.set_defaults(run=run_delete_user)
    export = actions.add_parser("export", help="every prediction with what readers say of it, as CSV")
    export.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    export.set_defaults(run=run_export)


def run_status(options: argparse.Namespace) -> int:
    from brain_core.store import engine, state

    sys.stdout.write(f"database     {engine.shown()}\n")
    for name, value in state.read().items():
        sys.stdout.write(f"{name:12} {value}\n")
    return 0


def run_migrate(options: argparse.Namespace) -> int:
    from brain_core.store import engine

    engine.migrate()
    _log.info("The tables are up to date.")
    return 0


def run_prune(options: argparse.Namespace) -> int:
    from brain_core.errors import ConfigError
    from brain_core.settings import settings
    from brain_core.store import retention

    if options.days is None and settings().store.retention_days is None:
        raise ConfigError("Nothing says how old is too old: give --days N, or set BRAIN_RETENTION_DAYS.")
    if options.yes:
        _tell("deleted", retention.apply(options.days, user=user()))
        return 0
    _tell("would be deleted", retention.due(options.days))
    _log.info("Nothing was deleted. Add --yes to delete for good.")
    return 0


def run_delete(options: argparse.Namespace) -> int:
    from brain_core.errors import StoreError
    from brain_core.store import retention

    removed = retention.delete_case(options.case, user=user())
    if removed.nothing:
        raise StoreError("The store holds nothing of this case.")
    _tell("deleted", removed)
    return 0


def run_delete_user(options: argparse.Namespace) -> int:
    from brain_core.errors import StoreError
    from brain_core.store import retention

    changed = retention.delete_user(options.name, user=user())
    if not changed:
        raise StoreError("The store knows no user of this name.")
    sys.stdout.write(f"Another name stands in {changed} rows. {KEPT_NAMES}\n")
    return 0


def run_export(options: argparse.Namespace) -> int:
    from brain_core.store import export

    written = export.to_csv(options.out, user=user())
    _log.info("%d predictions written.", written)
    return 0


def user() -> str:
    """Who sits at the command line, as the operating system knows them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name
        return "command line"


def _tell(what: str, found) -> None:
    counts = ", ".join(f"{number} {name}" for name, number in asdict(found).items())
    sys.stdout.write(f"{what}: {counts}\n".replace("kept", "kept scans"))
