"""In the run's own process: its turn in the queue, what it writes of itself, and how it ends."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
from filelock import FileLock, Timeout

from brain_core.errors import BrainError, Cancelled, RunError
from brain_core.jobs import index, memory
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import CANCELLED, DONE, FAILED, QUEUED, RUNNING, State, now, reason_of
from brain_core.training.progress import Progress, Report

_log = logging.getLogger("brain_core")
EVERY = 1.0  # seconds between two words on progress
TURN = 0.3  # seconds between two looks at the queue
PATIENCE = 5  # seconds to wait for whoever looks whether the run is going on
STOPPED, STOPPED_BY_SIGNAL = "stopped on request", "its process was asked to end"


class Recorder:
    """Writes down how far the run is, and stops it where that was asked for.

    Attributes:
        anew: whether the run has never been at work before.
    """

    def __init__(self, folder: Folder, state: State, anew: bool = True):
        self.folder, self.anew, self._state = folder, anew, state
        self._written, self._peak = 0.0, 0

    @property
    def versions(self) -> dict[str, str]:
        """By model, what this run has trained so far."""
        return self._state.versions

    def change(self, **changes) -> None:
        """Write how the run stands now."""
        self._state = replace(self._state, **changes)
        self.folder.write_state(self._state)

    def step(self, what: str, done: int, total: int, **more) -> None:
        """``done`` of ``total`` steps of ``what``; raises Cancelled where somebody asked to stop."""
        if self.folder.is_asked_to_stop:
            raise Cancelled(STOPPED)
        if done == total or time.monotonic() - self._written >= EVERY:
            self._written = time.monotonic()
            taken = memory.of_process()
            self._peak = max(self._peak, taken)
            about = {"what": what, "done": done, "total": total, "at": now()}
            self.folder.write_progress(about | {"memory": taken, "peak": self._peak} | more)

    def counter(self, what: str):
        """A function of (done, total) that does `step`."""
        return lambda done, total: self.step(what, done, total)

    def report(self, model: str, left: Callable[[Progress], float | None] = lambda progress: None) -> Report:
        """Hears of a model's training; ``left`` gives the seconds that the run is still going to take."""

        def hear(progress: Progress) -> None:
            if progress.epoch_ended:
                self.folder.add_epoch(model, progress.phase, progress.epoch, progress.metrics)
                self._written = 0.0
            about = {"model": model, "phase": progress.phase, "epoch": progress.epoch, "epochs": progress.epochs}
            self.step("training", progress.batch, progress.batches, **about, left=left(progress))

        return hear


@contextmanager
def recording(folder: Folder) -> Iterator[Recorder]:
    """Hold the run for this process; whatever ends the block ends the run in a state that says so.

    Raises:
        RunError: another process is at it.
    """
    lock = FileLock(folder.lock)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise RunError(f"Run {folder.id} is going on already.") from error
    try:
        process = psutil.Process()
        before = folder.state()
        state = State(
            QUEUED,
            pid=process.pid,
            process_started=process.create_time(),
            started=before.started or now(),
            memory_kills=memory.kills(),
            versions=before.versions,
        )
        folder.write_state(state)
        recorder = Recorder(folder, state, anew=before.started is None)
        try:
            with _ending_on_signal():
                yield recorder
            recorder.change(status=DONE, ended=now(), reason=None)
        except BaseException as error:
            _write_down(recorder, error)
            raise
    finally:
        lock.release()


def _write_down(recorder: Recorder, error: BaseException) -> None:
    """How the run ended; never hides the error by another."""
    exhausted = memory.is_exhausted(error)
    if isinstance(error, Cancelled | KeyboardInterrupt):
        status, reason = CANCELLED, STOPPED if isinstance(error, Cancelled) else STOPPED_BY_SIGNAL
    elif exhausted:
        status, reason = FAILED, "Memory is exhausted."
    elif isinstance(error, BrainError):
        status, reason = FAILED, str(error)
    elif isinstance(error, OSError):
        status, reason = FAILED, f"A file could not be read or written: {reason_of(error)}."
    else:
        status, reason = FAILED, f"{type(error).__name__}: {error}"[:500]
    try:
        recorder.change(status=status, ended=now(), reason=reason, memory=exhausted)
    except OSError as second:  # a full disk, say; what is missing then says that the process ended without a word
        _log.error("How run %s ended could not be written: %s", recorder.folder.id, second)


@contextmanager
def turn(folder: Folder, announce=lambda ahead: None) -> Iterator[None]:
    """Wait until no other run is at work and none that lives was there before; then hold the turn.

    Args:
        announce: called once with how many are ahead, if it has to wait.

    Raises:
        Cancelled: somebody asked to stop.
    """
    lock = FileLock(folder.path.parent / ".turn.lock")
    waited = False
    while True:
        if folder.is_asked_to_stop:
            raise Cancelled(STOPPED)
        ahead = _ahead_of(folder)
        try:
            if not ahead:
                lock.acquire(timeout=0)
                break
        except Timeout:
            ahead = 1
        if not waited:
            announce(ahead)
            waited = True
        time.sleep(TURN)
    try:
        yield
    finally:
        lock.release()


def _ahead_of(folder: Folder) -> int:
    """Runs that were there before and live."""
    count = 0
    for other in index.folders():
        if other.id >= folder.id:
            break
        try:
            state = other.state()
        except RunError:
            continue
        count += state.status in (QUEUED, RUNNING) and other.is_alive(state)
    return count


@contextmanager
def _ending_on_signal() -> Iterator[None]:
    """The signal by which systems ask a process to end stops it as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
