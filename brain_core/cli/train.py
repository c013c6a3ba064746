"""``train``: either model or both on a labelled folder."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from brain_core.cli.audited import acting
from brain_core.cli.options import chosen, limit, use_training_kernels
from brain_core.cli.progress import Counter, TrainingReport
from brain_core.cli.train_options import FRESH, INHERIT, add_options, config_from, spec_from
from brain_core.errors import ConfigError
from brain_core.jobs import control, index
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import RUNNING
from brain_core.jobs.recorder import recording, turn
from brain_core.jobs.training import Order, carry_out

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "train",
        help="train either model or both",
        description="Two-phase training on a 70/15/15 split by near-duplicate group.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    use_training_kernels()
    limit(options.threads, options.nice)
    config = config_from(options)
    if config.start and options.split == FRESH:
        raise ConfigError(
            "A model to go on from has learned from scans of its own: expected --split inherit, so that none of them "
            "is tested on. Received: --split fresh."
        )
    names = chosen(options.model)
    order = Order(
        dataset=Path(options.dataset),
        specs={name: spec_from(options, name) for name in names},
        config=config,
        rule=options.operating_point,
        inherit=options.split == INHERIT,
        leave_out=tuple(options.leave_out),
        masks=options.masks,
    )
    folder = _folder(options) if _was_asked_for(options) else _new_folder(options)
    with recording(folder) as recorder, _logged_to(recorder.folder.log), _turn(recorder.folder, options.now):
        recorder.change(status=RUNNING)
        carry_out(order, recorder, reading=Counter("reading"), hear=TrainingReport)
    return 0


def _was_asked_for(options: argparse.Namespace) -> bool:
    """Whether this process carries out what the page or ``runs resume`` asked for, which is in the audit log then."""
    return options.run_dir is not None and Folder(options.run_dir).in_queue and options.run_dir.is_dir()


def _new_folder(options: argparse.Namespace) -> Folder:
    about = {"what": "start", "models": ", ".join(chosen(options.model))}
    with acting("retrain", control.login(), about):
        return _folder(options)


def _folder(options: argparse.Namespace) -> Folder:
    words = _without_folder(options.words)
    about = {
        "cwd": str(Path.cwd()),
        "models": chosen(options.model),
        "data": Path(options.dataset).name,
        "who": control.login(),
    }
    if options.run_dir:
        return index.opened(options.run_dir, words, **about)
    return index.create(index.runs_dir() / index.new_id(), words, **about)


def _without_folder(words: Sequence[str]) -> list[str]:
    """The command line without what says where and how it runs."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--run-dir", "--threads", "--nice"):
        parser.add_argument(name)
    parser.add_argument("--now", action="store_true")
    return parser.parse_known_args(words)[1]


def _turn(folder: Folder, now: bool):
    """One run at a time, of those that stand among the runs of this machine."""
    if now or not folder.in_queue:
        return nullcontext()
    return turn(folder, lambda ahead: _log.info("Waiting for %d run%s before this one.", ahead, "s"[: ahead > 1]))


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """What is logged goes there too, unless standard error does already."""
    try:
        there = os.path.samestat(os.fstat(sys.stderr.fileno()), path.stat())
    except (OSError, ValueError):  # no such file yet, or no file behind standard error
        there = False
    if there:
        yield
        return
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
