"""What is written down of a run: what it was asked to do, and how it stands."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from datetime import UTC, datetime

from brain_core import __version__

FORMAT = 1  # of a run's folder
QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
STATUSES = (QUEUED, RUNNING, *ENDED)


@dataclass(frozen=True)
class Request:
    """What a run was asked to do; written once.

    Attributes:
        words: of the command line, ``train`` first, without ``--run-dir``.
        cwd: where they were said: relative paths among them start there.
        models: names, in the order of training.
        data: name of the data set, to show.
        who: login name of whoever asked.
        created: ISO 8601, UTC.
        version: of the program.
    """

    words: tuple[str, ...]
    cwd: str
    models: tuple[str, ...]
    data: str
    who: str
    created: str
    version: str = __version__
    format: int = FORMAT


@dataclass(frozen=True)
class State:
    """How a run stood when its process last said so.

    Attributes:
        status: `QUEUED`, `RUNNING` or one of `ENDED`.
        pid, process_started: of its process; together they name one process of all times.
        started, ended: ISO 8601, UTC.
        reason: why it failed or was cancelled, fit to show.
        memory: whether memory was exhausted.
        memory_kills: of the whole machine until the process began, see `memory.kills`.
        versions: by model, what was trained and put among the versions.
        predicted, seconds: that training was thought to take, and took.
    """

    status: str
    pid: int | None = None
    process_started: float | None = None
    started: str | None = None
    ended: str | None = None
    reason: str | None = None
    memory: bool = False
    memory_kills: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    predicted: float | None = None
    seconds: float | None = None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def reason_of(error: OSError) -> str:
    """In words; a full disk by its name."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    return error.strerror or str(error)
