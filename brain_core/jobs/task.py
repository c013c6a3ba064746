"""A command of the program in the background that is no training run: a download, a comparison.

One at a time under a name. Its process goes on when the page is closed or the server restarted; what it printed is
kept until it is started anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from brain_core.errors import RunError
from brain_core.jobs.folder import Folder
from brain_core.jobs.process import spawn
from brain_core.jobs.record import reason_of
from brain_core.settings import settings

PATIENCE = 5.0  # seconds that a process may take to end when asked


@dataclass(frozen=True)
class Task:
    """What there is to see of it.

    Attributes:
        lines: last ones that it printed.
    """

    name: str
    exists: bool
    is_going_on: bool
    lines: tuple[str, ...]

    @property
    def error(self) -> str | None:
        """What the command said went wrong last; None where it is going on or said no such thing."""
        if self.is_going_on:
            return None
        errors = [line.removeprefix("error: ") for line in self.lines if line.startswith("error: ")]
        return errors[-1] if errors else None


def start(name: str, words: Sequence[str]) -> None:
    """Run ``python -m brain_core`` with these words.

    Raises:
        RunError: one of that name is going on, or it cannot be started.
    """
    folder = _folder(name)
    try:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.path.with_name(f".{folder.path.name}.lock"), timeout=0):  # of two clicks one starts it
            if look(name).is_going_on:
                raise RunError(f"{name} is going on already.")
            shutil.rmtree(folder.path, ignore_errors=True)
            folder.path.mkdir()
            spawn(folder, words, cwd=str(Path.cwd()), gently=True)
    except Timeout as error:
        raise RunError(f"{name} is going on already.") from error
    except OSError as error:
        raise RunError(f"{name} cannot be started: {reason_of(error)}.") from error


def look(name: str) -> Task:
    """At one, also where there is none."""
    folder = _folder(name)
    return Task(name, folder.path.is_dir(), folder.has_living_process, tuple(folder.log_tail()))


def stop(name: str) -> None:
    """End its process; nothing where there is none."""
    process = _folder(name).process()
    if process is None:
        return
    process.terminate()
    _, alive = psutil.wait_procs([process], PATIENCE)
    for each in alive:
        each.kill()


def forget(name: str) -> None:
    """What it printed, once it has ended."""
    if not look(name).is_going_on:
        shutil.rmtree(_folder(name).path, ignore_errors=True)


def _folder(name: str) -> Folder:
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return Folder(settings().home / "tasks" / f"{re.sub(r'[^A-Za-z0-9_.]+', '-', name)}-{digest}")
