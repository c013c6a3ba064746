"""Something that takes a while, in a thread of its own: its steps as they are done, and Cancel between them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from brain_core.errors import BrainError, Cancelled

log = logging.getLogger(__name__)

QUICK = 0.4  # seconds; what is done within them needs no progress
WAITING, GOING_ON, OK, FAILED, NOT_TRIED = "waiting", "going on", "ok", "failed", "not tried"


@dataclass(frozen=True)
class Row:
    """A step.

    Attributes:
        seconds: that it took, None while it has not ended.
        share: how much of it is done, 0..1; None where nobody knows.
    """

    name: str
    state: str = WAITING
    detail: str = ""
    seconds: float | None = None
    share: float | None = None

    @property
    def began(self) -> bool:
        """Whether any of it may have been done, however it ended."""
        return self.state == GOING_ON or self.seconds is not None


@dataclass(eq=False)
class Work:
    """What the thread and the page share; the thread writes, the page reads and may cancel.

    Attributes:
        result: of the work, None while it goes on and where it failed.
        error: why it failed, fit to show; also of what broke off after `stop` was set.
        followed: whether a page showed it to its end.
    """

    rows: tuple[Row, ...] = ()
    result: Any = None
    error: str | None = None
    followed: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    settled: threading.Event = field(default_factory=threading.Event)
    _began: float = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether it ended because it was cancelled."""
        return self.settled.is_set() and self.stop.is_set() and self.result is None

    def check(self) -> None:
        """Raises `Cancelled` once `stop` is set."""
        if self.stop.is_set():
            raise Cancelled("Stopped on request.")

    def begin(self, name: str) -> None:
        """A step begins, and the one before it has ended."""
        self.check()
        self.end()
        self._began = time.perf_counter()
        self._put(name, state=GOING_ON)

    def tell(self, detail: str, share: float | None = None) -> None:
        """How far the step is that goes on."""
        if going_on := self._going_on():
            self._put(going_on.name, detail=detail, share=share)

    def end(self, state: str = OK, detail: str | None = None) -> None:
        """The step that goes on, if one does, has ended."""
        if going_on := self._going_on():
            told = going_on.detail if detail is None else detail
            seconds = time.perf_counter() - self._began
            self._put(going_on.name, state=state, detail=told, seconds=seconds, share=None)

    def _going_on(self) -> Row | None:
        return next((row for row in self.rows if row.state == GOING_ON), None)

    def _put(self, name: str, **changes: object) -> None:
        self.rows = tuple(replace(row, **changes) if row.name == name else row for row in self.rows)


def start(act: Callable[[Work], Any], *steps: str) -> Work:
    """Begin; ``act`` gives the result, and raises what went wrong.

    Args:
        steps: their names, in order.
    """
    work = Work(tuple(map(Row, steps)))
    threading.Thread(target=_run, args=(work, act), name="pacs", daemon=True).start()
    work.settled.wait(QUICK)
    return work


def _run(work: Work, act: Callable[[Work], Any]) -> None:
    try:
        work.result = act(work)
        work.end()
    except Cancelled:
        work.end(NOT_TRIED, "Cancelled.")
    except BrainError as error:
        work.error = str(error)
        work.end(NOT_TRIED if work.stop.is_set() else FAILED, "Cancelled." if work.stop.is_set() else None)
    except Exception as error:  # whatever a library raises, the page goes on; its message may name the patient
        log.error("Work with the archive failed: %s", type(error).__name__)
        work.error = f"Unexpected {type(error).__name__}: please report it."
        work.end(FAILED)
    finally:
        work.settled.set()
