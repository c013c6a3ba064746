"""What there is to see of a run, from outside and at any time."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import RunError
from brain_core.jobs import index, memory
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import CANCELLED, ENDED, FAILED, QUEUED, RUNNING, Request, State

INTERRUPTED, DAMAGED, STOPPING = "interrupted", "damaged", "stopping"
GOING_ON = (QUEUED, RUNNING, STOPPING)
MAY_RESUME = (FAILED, CANCELLED, INTERRUPTED)
STARTING = 20  # seconds that a new process may take until it says that it is there


@dataclass(frozen=True)
class Seen:
    """A run as it stands.

    Attributes:
        status: of `folder` or of this module.
        reason: why it is no longer going on, fit to show; None where all is well.
        memory: whether that was for want of memory.
        request, state: None of a damaged run.
    """

    folder: Folder
    status: str
    reason: str | None = None
    memory: bool = False
    request: Request | None = None
    state: State | None = None

    @property
    def is_going_on(self) -> bool:
        return self.status in GOING_ON

    @property
    def may_resume(self) -> bool:
        return self.status in MAY_RESUME


def look(folder: Folder) -> Seen:
    """At one run."""
    try:
        request, state = folder.request(), folder.state()
    except RunError as error:
        return Seen(folder, DAMAGED, str(error))
    if state.status in ENDED:
        return Seen(folder, state.status, state.reason, state.memory, request, state)
    if folder.is_alive(state):
        return Seen(folder, STOPPING if folder.is_asked_to_stop else state.status, None, False, request, state)
    if state.pid is None and not folder.has_process and folder.seconds_unchanged() < STARTING:
        return Seen(folder, QUEUED, None, False, request, state)
    if folder.is_held():  # a clock that was set, or another container: its number does not tell, its lock does
        return Seen(folder, STOPPING if folder.is_asked_to_stop else state.status, None, False, request, state)
    reason, exhausted = _why(folder, state)
    return Seen(folder, INTERRUPTED, reason, exhausted, request, state)


def every() -> list[Seen]:
    """All runs, the latest first."""
    return [look(folder) for folder in reversed(index.folders())]


def _why(folder: Folder, state: State) -> tuple[str, bool]:
    """Why a process ended without a word, and whether for want of memory."""
    if state.pid is None:
        said = folder.log_tail(1)
        return f"Its process never got to work{f': {said[0]}' if said else '.'}", False
    kills = memory.kills()
    if None not in (kills, state.memory_kills) and kills > state.memory_kills:
        return (
            "Its process ended without a word, and the system has killed for want of memory since it began: memory "
            "may have been exhausted.",
            True,
        )
    return "Its process ended without a word: it was killed, or the machine went down.", False
