"""Start, resume, stop and delete runs: what the page and the command line do alike."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from brain_core.errors import RunError
from brain_core.jobs import index
from brain_core.jobs.folder import Folder
from brain_core.jobs.process import NICE, spawn, threads
from brain_core.jobs.record import FAILED, QUEUED, State, reason_of
from brain_core.jobs.watch import DAMAGED, Seen, look


def start(
    words: Sequence[str], *, models: Sequence[str], data: str, who: str | None = None, cwd: str | None = None
) -> Folder:
    """A new run in the background, which waits for its turn.

    Args:
        words: of the command line: ``train DATASET …`` without ``--run-dir``.
        cwd: where relative paths among them start; None for where this process is.

    Raises:
        RunError: its folder cannot be made or its process not be started.
    """
    folder = index.create(
        index.runs_dir() / index.new_id(),
        words,
        cwd=cwd or str(Path.cwd()),
        models=models,
        data=data,
        who=who or login(),
    )
    _spawn(folder)
    return folder


def resume(folder: Folder) -> None:
    """Let a run that has ended before its time go on from its last epoch.

    Raises:
        RunError: it is going on, done, damaged or of another version of the program, or its process cannot be started.
    """
    try:
        with FileLock(folder.path / ".resume.lock", timeout=0):  # of two who ask at once, one starts a process
            seen = look(folder)
            if not seen.may_resume:
                raise RunError(f"Run {folder.id} cannot be resumed: it is {_told(seen)}.")
            folder.may_go_on()
            folder.write_queued(State(QUEUED, started=seen.state.started, versions=seen.state.versions))
            _spawn(folder)
    except Timeout as error:
        raise RunError(f"Run {folder.id} is being resumed already.") from error
    except OSError as error:
        raise RunError(f"Run {folder.id} cannot be resumed: {reason_of(error)}.") from error


def cancel(folder: Folder) -> None:
    """Ask a run to stop at its next batch.

    Raises:
        RunError: it is not going on.
    """
    seen = look(folder)
    if not seen.is_going_on:
        raise RunError(f"Run {folder.id} cannot be stopped: it is {_told(seen)}.")
    folder.ask_to_stop()


def delete(folder: Folder) -> None:
    """Remove a run that is not going on; the versions that it trained stay.

    Raises:
        RunError: it is going on.
    """
    seen = look(folder)
    if seen.is_going_on:
        raise RunError(f"Run {folder.id} cannot be deleted: it is {_told(seen)}. Stop it first.")
    if seen.status == DAMAGED and folder.is_held():
        raise RunError(f"Run {folder.id} cannot be deleted: it is damaged and yet going on.")
    folder.delete()


def login() -> str:
    """Who is at the keyboard, as far as the system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _told(seen: Seen) -> str:
    return f"{seen.status} ({seen.reason})" if seen.reason else seen.status


def _spawn(folder: Folder) -> None:
    request = folder.request()
    limits = [] if "--threads" in request.words else ["--threads", str(threads())]
    words = [*request.words, "--run-dir", str(folder.path), "--nice", str(NICE), *limits]
    try:
        spawn(folder, words, cwd=request.cwd)
    except RunError as error:
        with contextlib.suppress(OSError):
            folder.write_state(replace(folder.state(), status=FAILED, reason=str(error)))
        raise
