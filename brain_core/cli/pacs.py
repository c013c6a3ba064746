"""``pacs``: find, fetch and score studies of the archive, watch for new ones, and test the connection."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.cli import audited
from brain_core.cli import pacs_text as text
from brain_core.cli.options import add_model, load_detectors
from brain_core.cli.progress import Counter
from brain_core.cli.recording import Recorder, add_record, finish, recorded
from brain_core.errors import ConfigError, PacsError
from brain_core.files import creating_folder, replacing
from brain_core.jobs.control import login
from brain_core.pacs import secrets_file
from brain_core.pacs.archive import MR, Archive, Query, checked_uid, open_archive
from brain_core.scans.deidentify import BURNED_IN
from brain_core.settings import settings
from brain_core.store.records import Source

if TYPE_CHECKING:
    from brain_core.pacs.assessed import Assess
    from brain_core.pacs.watch import Watch

SHOWN = 50  # studies
RECENT = 30  # days
DATES = f"as in 20260101-20261231, either may be left out; default: the last {RECENT} days, or any for a patient"
_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser("pacs", help="studies of the archive: find, fetch, score, watch, check")
    actions = parser.add_subparsers(required=True, metavar="find|fetch|score|watch|check")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    for add_action in (_add_find, _add_fetch, _add_score, _add_watch, _add_check):
        add_action(actions, shared)


def _add_find(actions, shared: argparse.ArgumentParser) -> None:
    find = actions.add_parser("find", parents=[shared], help="MR studies of the brain")
    find.add_argument("--date", type=text.days, metavar="FROM-TO", help=DATES)
    find.add_argument("--patient-id", metavar="ID", help="exactly")
    find.add_argument("--limit", type=int, default=SHOWN, metavar="N", help="default: %(default)s")
    find.add_argument("--identity", action="store_true", help="show patients' names and IDs")
    _add_words(find)
    find.set_defaults(run=run_find)


def _add_fetch(actions, shared: argparse.ArgumentParser) -> None:
    fetch = actions.add_parser("fetch", parents=[shared], help="a study's files into a folder of its own")
    fetch.add_argument("study", metavar="STUDY_UID")
    fetch.add_argument("--out", type=Path, required=True, metavar="DIR")
    fetch.set_defaults(run=run_fetch)


def _add_score(actions, shared: argparse.ArgumentParser) -> None:
    score = actions.add_parser("score", parents=[shared], help="assess a study")
    score.add_argument("study", metavar="STUDY_UID")
    add_model(score)
    score.add_argument("--store", action="store_true", help="store structured report and overlays in the study")
    score.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write reports and DICOM objects here, into a folder of the study, under a pseudonym and de-identified",
    )
    score.add_argument("--identity", action="store_true", help="have what --out writes name the patient")
    add_record(score)
    score.set_defaults(run=run_score)


def _add_watch(actions, shared: argparse.ArgumentParser) -> None:
    watch = actions.add_parser("watch", parents=[shared], help="score new studies as they come, and store the results")
    watch.add_argument("--interval", type=text.seconds, default=60.0, metavar="SECONDS", help="default: %(default)g")
    watch.add_argument(
        "--settle", type=text.seconds, metavar="SECONDS", help="without change, until a study counts as whole"
    )
    watch.add_argument("--once", action="store_true", help="take what is there, and end")
    watch.add_argument("--since", type=text.day, metavar="DATE", help="first day of the studies; default: a week ago")
    watch.add_argument("--retry", action="store_true", help="try studies again that were given up or refused")
    add_model(watch)
    _add_words(watch)
    watch.set_defaults(run=run_watch)


def _add_check(actions, shared: argparse.ArgumentParser) -> None:
    check = actions.add_parser("check", parents=[shared], help="test the connection, step by step")
    check.set_defaults(run=run_check)


def _add_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--description",
        action="append",
        metavar="WORD",
        help="in the description or body part, in place of the settings' words; may be repeated; '' for any",
    )


def run_find(options: argparse.Namespace) -> int:
    from brain_core.pacs.find import find

    archive, words = _open(options)
    since, until = options.date or (None if options.patient_id else date.today() - timedelta(RECENT), None)
    if options.limit < 1:
        raise ConfigError(f"--limit: expected a positive number. Received: {options.limit}.")
    query = Query(since, until, options.patient_id, limit=options.limit + 1)
    found = list(find(archive, query, words))
    if len(found) > options.limit:
        _log.info("There are more: these are %d. See --limit and --date.", options.limit)
    rows = [text.row(study, options.identity) for study in found[: options.limit]]
    sys.stdout.write(text.as_json(rows) if options.format == "json" else text.table(rows))
    return 0


def run_fetch(options: argparse.Namespace) -> int:
    archive, _ = _open(options)
    target = options.out / checked_uid(options.study, "STUDY_UID")
    if target.exists():
        raise PacsError(f"{target} is there already: it was left as it is.")
    try:
        with creating_folder(target) as folder:
            files = archive.fetch_study(options.study, folder, Counter("instances"))
    except OSError as error:
        raise PacsError(f"{target} cannot be written: {error.strerror or type(error).__name__}.") from error
    told = {"study": options.study, "folder": str(target), "instances": len(files)}
    sys.stdout.write(text.as_json(told) if options.format == "json" else f"{len(files)} instances in {target}\n")
    return 0


def run_score(options: argparse.Namespace) -> int:
    from brain_core.pacs.assessed import Returned, check_study, give_back
    from brain_core.pacs.workspace import fetching_folder
    from brain_core.scans import pseudonym

    archive, _ = _open(options)
    uid, start = checked_uid(options.study, "STUDY_UID"), time.perf_counter()
    series = [each.uid for each in archive.find_series(uid) if each.modality == MR]
    if not series:
        raise PacsError("The archive has no MR images of this study.")
    assess, recorder = _assess(options.model, Source.COMMAND if options.record else None)
    with fetching_folder(settings().home) as folder:
        assessed = assess(archive.fetch_study(uid, folder, Counter("instances"), series=series))
        if assessed.refused is not None:
            raise PacsError(f"The study was not assessed: {assessed.refused}")
        check_study(assessed.objects, uid)
        files = assessed.documents(identity=options.identity).files if options.out else {}
    written = _write(files, options.out, uid) if options.out else []
    returned = Returned()
    if options.store:
        about = {"study": pseudonym.of_study(uid), "objects": len(assessed.objects)}
        with audited.acting("archive store", login(), about):
            returned = deque(give_back(archive, assessed.objects), 1)[0]
    told = {
        "study": uid,
        "summary": assessed.summary,
        "files": written,
        "stored": returned.stored,
        "held": returned.held,
        "seconds": round(time.perf_counter() - start, 3),
    }
    sys.stdout.write(text.as_json(told) if options.format == "json" else text.scored(told, options.store))
    return int(recorder is not None and not finish(recorder))


def run_watch(options: argparse.Namespace) -> int:
    from brain_core.pacs.watch import SETTLE, Policy, Watch, keep_polling, watching
    from brain_core.scans import pseudonym

    archive, words = _open(options)
    policy = Policy(options.since, SETTLE if options.settle is None else options.settle, words=words)
    failed, home = False, settings().home
    with watching(home) as ledger:
        if options.retry:
            _log.info("%d studies are tried again.", ledger.retry())
        assess, recorder = _assess(options.model, Source.WATCH)
        watch = Watch(archive, ledger, assess, pseudonym, home, policy)
        with _stopped_by_signals(watch):
            for handled in keep_polling(watch, interval=options.interval, once=options.once):
                failed |= handled.failed
                audited.note("archive store", login(), {"study": handled.name, "outcome": handled.outcome})
                sys.stdout.write(text.handled(handled, options.format))
                sys.stdout.flush()
            if recorder is not None:
                finish(recorder)
            if watch.stop.is_set():
                _log.info("Stopped. What was not finished is taken up at the next start.")
    return int(failed and options.once)


def run_check(options: argparse.Namespace) -> int:
    from brain_core.pacs.check import steps

    path, found = secrets_file.secrets_path(os.environ), []
    for step in steps(lambda: secrets_file.read(path)):
        found.append(step)
        if options.format == "table":
            sys.stdout.write(text.step(step))
            sys.stdout.flush()
    if options.format == "json":
        sys.stdout.write(text.as_json([asdict(each) for each in found]))
    return int(any(each.ok is False for each in found))


def _open(options: argparse.Namespace) -> tuple[Archive, tuple[str, ...]]:
    """The archive, and the words of which one makes a study one of the brain."""
    path = secrets_file.secrets_path(os.environ)
    if (found := secrets_file.read(path)) is None:
        raise ConfigError(f"No archive is set up: {path} has no section [pacs]. See 'PACS' in the README.")
    given = getattr(options, "description", None)
    return open_archive(found), found.words if given is None else tuple(filter(None, given))


def _assess(model: str, source: Source | None) -> tuple[Assess, Recorder | None]:
    """Recorded in the prediction store where ``source`` says as what; what it does not take at once waits there."""
    from brain_core.study.assess import assessor  # loads TensorFlow

    detectors, _ = load_detectors(model)
    assess = assessor(detectors)
    if source is None:
        return assess, None
    recorder = Recorder(source, detectors, steady=True)
    return recorded(assess, recorder), recorder


@contextmanager
def _stopped_by_signals(watch: Watch) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the watch after its current step; a second one ends it at once."""

    def stop(*_arguments: object) -> None:
        _log.info("Stopping after this step; once more stops at once, which does no harm either.")
        watch.stop.set()
        for each in known:
            signal.signal(each, signal.default_int_handler)

    known = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in known.items():
            signal.signal(each, handler)


def _write(files: dict[str, bytes], out: Path, study_uid: str) -> list[str]:
    """A study's files into a folder of its own, each in one step; returns the paths."""
    from brain_core.scans import pseudonym

    folder = out / pseudonym.of_study(study_uid)
    try:
        for name, data in files.items():
            with replacing(folder / name) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        raise PacsError(f"{folder} cannot be written: {error.strerror or type(error).__name__}.") from error
    _log.info("Results in %s. %s", folder, BURNED_IN)
    return [str(folder / name) for name in files]
