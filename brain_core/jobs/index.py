"""The runs of this machine: making their folders and finding them."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from brain_core.errors import RunError
from brain_core.files import write_json
from brain_core.jobs.folder import Folder, runs_dir
from brain_core.jobs.record import DONE, QUEUED, Request, State, now, reason_of


def new_id() -> str:
    """Later ones sort behind earlier ones."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"[:-3] + f"-{secrets.token_hex(4)}"


def create(path: Path, words: Sequence[str], *, cwd: str, models: Sequence[str], data: str, who: str) -> Folder:
    """A new run's folder, which appears in one step.

    Raises:
        RunError: it is there already, or cannot be made.
    """
    request = Request(tuple(words), cwd, tuple(models), data, who, now())
    hidden = path.with_name(f".new-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden.mkdir()
        write_json(hidden / "run.json", asdict(request))
        write_json(hidden / "state.json", asdict(State(QUEUED)))
        os.replace(hidden, path)
    except OSError as error:
        shutil.rmtree(hidden, ignore_errors=True)
        raise RunError(f"Run {path.name} cannot be made: {reason_of(error)}.") from error
    return Folder(path)


def folders() -> list[Folder]:
    """Of all runs that take turns, the oldest first."""
    try:
        return [Folder(path) for path in sorted(runs_dir().iterdir()) if path.is_dir() and path.name[0] != "."]
    except OSError:
        return []


def opened(path: Path, words: Sequence[str], *, cwd: str, models: Sequence[str], data: str, who: str) -> Folder:
    """The folder of a run that the user named: one of the same words that did not end well goes on, else it is anew.

    Models that other runs left there stay.

    Raises:
        RunError: it is going on, or cannot be made.
    """
    folder = Folder(path)
    if folder.in_queue and path.is_dir():
        return folder
    if folder.is_held():
        raise RunError(f"Run {path.name} is going on already.")
    try:
        if folder.request().words == tuple(words) and folder.state().status != DONE:
            folder.may_go_on()
            return folder
    except RunError:
        pass  # nothing there, or nothing that can go on
    try:
        path.mkdir(parents=True, exist_ok=True)
        for stale in (path / "cancel", path / "epochs.jsonl", path / "progress.json", *path.glob("checkpoint-*.npz")):
            stale.unlink(missing_ok=True)
        write_json(path / "run.json", asdict(Request(tuple(words), cwd, tuple(models), data, who, now())))
        folder.write_state(State(QUEUED))
    except OSError as error:
        raise RunError(f"Run {path.name} cannot be made: {reason_of(error)}.") from error
    return folder


def find(run: str) -> Folder:
    """Raises RunError: no such run."""
    known = {folder.id: folder for folder in folders()}
    if run not in known:
        raise RunError(
            f"Run: expected one of {', '.join(known) or 'none, there is no run yet'}. Received: {run!r:.60}."
        )
    return known[run]
