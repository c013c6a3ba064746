"""``models …``: versions of the models and which one is in service; ``models cards``: documents about those."""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import sys
import textwrap
from pathlib import Path

from brain_core import versions
from brain_core.cli.audited import acting
from brain_core.cli.compare_models import add_compare
from brain_core.errors import BrainError, ConfigError, ModelError, ResultsError
from brain_core.files import replacing
from brain_core.in_service import LONGEST, PROMOTE, Change
from brain_core.jobs.control import login
from brain_core.models import MODELS
from brain_core.operating_points import NOT_STATED
from brain_core.registry import CROSS_VALIDATION, INPUT_GATE, LOCALISATION, read_card, read_results, results_file
from brain_core.settings import PROJECT, settings
from brain_core.versions import COMPARISON, Version

PASSED = "passed the gate"
_log = logging.getLogger("brain_core")
SAME_THRESHOLD = 1e-9


def add(commands) -> None:
    parser = commands.add_parser("models", help="versions of the models, and which one is in service")
    actions = parser.add_subparsers(required=True, metavar="list|compare|promote|rollback|history|delete|cards")
    actions.add_parser("list", help="version, file, checksum and operating point").set_defaults(run=run_list)
    add_compare(actions)
    promote = actions.add_parser("promote", help="put a retrained version in service")
    promote.add_argument("version", metavar="VERSION", help="as `models list` shows it, or a training run's folder")
    _add_model_option(promote)
    _add_who(promote)
    promote.add_argument("--reason", metavar="TEXT", help=f"why; needed unless the version {PASSED}")
    promote.set_defaults(run=run_promote)
    rollback = actions.add_parser("rollback", help="back to the version before, in the end to the shipped one")
    rollback.add_argument("model", choices=list(MODELS), metavar="MODEL", help=" or ".join(MODELS))
    _add_who(rollback)
    rollback.add_argument("--reason", default=NOT_STATED, metavar="TEXT", help="default: %(default)s")
    rollback.set_defaults(run=run_rollback)
    history = actions.add_parser("history", help="who put what in service, when and why")
    history.add_argument("model", nargs="?", choices=list(MODELS), metavar="MODEL", help="default: all")
    history.set_defaults(run=run_history)
    delete = actions.add_parser("delete", help="remove a version that nobody needs to go back to")
    delete.add_argument("version", metavar="VERSION", help="as `models list` shows it")
    _add_model_option(delete)
    delete.set_defaults(run=run_delete)
    cards = actions.add_parser("cards", help="write the model cards from stored results")
    cards.add_argument("--output", type=Path, default=PROJECT / "docs", metavar="DIR", help="default: docs/")
    cards.set_defaults(run=run_cards)


def run_list(_: argparse.Namespace) -> int:
    failed = False
    for name in MODELS:
        try:
            found = versions.listed(name)
        except ModelError as error:
            failed = True
            sys.stdout.write(f"{name:10}  error: {error}\n")
            continue
        for version in found:
            line, usable = _line(version)
            failed |= version.in_service and not usable
            sys.stdout.write(line + "\n")
    return int(failed)


def run_promote(options: argparse.Namespace) -> int:
    version = _given(options.version, options.model)
    champion = next(each for each in versions.listed(version.name) if each.in_service)
    passed, gate = gate_of(version, champion)
    if not passed and not options.reason:
        raise ConfigError(f"--reason is needed to promote {version.version}: {gate}")
    who = _who(options.name)
    about = {"model": version.name, "version": version.version, "before": champion.version, "gate": passed}
    with acting("promote", login(), about):
        change = versions.promote(
            version.name,
            version.version,
            who=who,
            reason=options.reason or PASSED,
            gate=gate,
            seen=champion.version if champion.version != versions.UNKNOWN else None,
        )
    sys.stdout.write(_entry(version.name, change) + "\n")
    return 0


def run_rollback(options: argparse.Namespace) -> int:
    who = _who(options.name)
    with acting("rollback", login(), {"model": options.model}, anyway=True):
        change = versions.rollback(options.model, who=who, reason=options.reason)
    sys.stdout.write(_entry(options.model, change) + "\n")
    return 0


def run_history(options: argparse.Namespace) -> int:
    failed = False
    for name in [options.model] if options.model else MODELS:
        try:
            lines = [_entry(name, change) for change in versions.history(name)]
        except ModelError as error:
            lines, failed = [f"{name:10}  error: {error}"], True
        sys.stdout.writelines(line + "\n" for line in lines or [f"{name:10}  the shipped version, from the start"])
    return int(failed)


def run_delete(options: argparse.Namespace) -> int:
    version = _existing(options.version, options.model)
    with acting("delete", login(), {"what": "version", "model": version.name, "version": version.version}):
        versions.delete(version.name, version.version)
    sys.stdout.write(f"{version.name:10}  {version.version}  deleted\n")
    return 0


def run_cards(options: argparse.Namespace) -> int:
    results = [_results(what) for what in (CROSS_VALIDATION, LOCALISATION, INPUT_GATE)]
    options.output.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in MODELS:
        path = options.output / f"model_card_{name}.md"
        try:
            text = _card(name, *results)
        except BrainError as error:
            failed = True
            _log.error("error: %s was not written: %s", path, error)
            continue
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
        _log.info("wrote %s", path)
    return int(failed)


def gate_of(version: Version, champion: Version) -> tuple[bool, str]:
    """Whether the stored comparison lets a version take the champion's place, and in words what it found."""
    path = version.folder / COMPARISON
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        gate = record["gate"]
        passed, text, against = gate["passed"] is True, str(gate["text"]), gate["champion"]
    except FileNotFoundError:
        return False, f"it was not compared with {champion.version}, which is in service."
    except (OSError, ValueError, LookupError, TypeError) as error:
        return False, f"its {COMPARISON} is damaged ({type(error).__name__})."
    if against != champion.version:
        passed, text = False, f"it was compared with {against}, not with {champion.version}, which is in service."
    elif passed:
        try:
            changed = _changed_since(record, version, champion)
        except (
            ModelError,
            AttributeError,
            TypeError,
        ) as error:  # a damaged champion stands in nobody's way
            passed, text = False, f"whether it still holds cannot be told ({error})."
        else:
            if changed:
                passed, text = False, f"since it was compared, {changed} changed: compare it anew."
    return passed, textwrap.shorten(text, LONGEST["gate"], placeholder=" …")


def _changed_since(record: dict, version: Version, champion: Version) -> str | None:
    """What a gate depends on and is no longer as it was when the two were compared; None where all is.

    Raises:
        ModelError: one of them cannot be read. AttributeError, TypeError: the record is damaged.
    """
    models = record.get("models") or {}
    for role, each in (("challenger", version), ("champion", champion)):
        if (record.get(role) or {}).get("sha256") != each.sha256:
            return f"the file of the {role}"
        then = (models.get(role) or {}).get("threshold")
        if then is not None and abs(then - each.card().operating_point.threshold) > SAME_THRESHOLD:
            return f"the operating point of the {role}"
    margin = record["gate"].get("margin")
    return "the margin" if margin is not None and margin > settings().gate_margin + SAME_THRESHOLD else None


def _add_model_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=list(MODELS), help="needed where VERSION leaves it open")


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="WHO", help="who decided; default: the login name")


def _who(name: str | None) -> str:
    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (LookupError, OSError, ImportError) as error:  # no such user, as in a container; Windows without a name
        raise ConfigError("--name: expected who decided, since this system does not tell a login name.") from error


def _given(text: str, model: str | None) -> Version:
    """The version of that name, or the one in a folder, which is added first."""
    folder = Path(text)
    held = [name for name in MODELS if (folder / MODELS[name].file_name).is_file()]
    if not held:
        return _existing(text, model)
    if model is None and len(held) > 1:
        raise ConfigError(f"{folder} holds {' and '.join(held)}: say which with --model.")
    return versions.add(model or held[0], folder)


def _existing(version: str, model: str | None) -> Version:
    return versions.find(model, version) if model else versions.find_any(version)


def _line(version: Version) -> tuple[str, bool]:
    """The version in one line, and whether it can be used."""
    marks = [mark for mark, so in {"in service": version.in_service, "predecessor": version.predecessor}.items() if so]
    marks.append("shipped" if version.shipped else "retrained")
    head = f"{version.name:10}  {version.version}  {', '.join(marks)}"
    try:
        card = version.card()
        size = card.path.stat().st_size / 1e6
        card.check()
        state, usable = "checksum ok", True
    except (ModelError, OSError) as error:
        return f"{head}  DAMAGED: {error}", False
    point = card.operating_point
    file = f"{card.path.name} ({size:.1f} MB, {state})"
    return f"{head}  {file}  threshold {point.threshold:.3f} ({point.source})", usable


def _entry(name: str, change: Change) -> str:
    when = f"{change.at[:16].replace('T', ' ')} UTC"
    action = "promote" if change.action == PROMOTE else "back to"
    gate = f" (gate: {change.gate})" if change.gate else ""
    before = change.from_version or versions.UNKNOWN
    return f"{when}  {name:10}  {action} {change.version}, before: {before}, by {change.name}: {change.reason}{gate}"


def _results(what: str) -> dict | None:
    try:
        return read_results(what)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{results_file(what).name} is damaged ({error}); no card was written.") from error


def _card(name: str, *results: dict | None) -> str:
    from brain_core.reports.model_card import model_card

    card = read_card(name)
    try:
        return model_card(card, *results)
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # what a damaged record is read with
        raise ResultsError(f"what is stored of {card.version} is damaged ({type(error).__name__}: {error}).") from error
