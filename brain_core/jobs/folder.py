"""A run's folder: what was asked for, how it stands, how far it is, what it said."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import psutil
from filelock import FileLock, Timeout

from brain_core.errors import RunError
from brain_core.files import write_json
from brain_core.jobs.record import FORMAT, STATUSES, Request, State, reason_of
from brain_core.settings import settings
from brain_core.typed_json import from_json

LOG_TAIL = 40  # lines
SAME_START = 2.0  # seconds: a clock that is set moves the start of a process by less than it takes to reuse a number
_REMARK = re.compile(r"[IWE]0000 00:00:|WARNING: All log messages before absl")  # TensorFlow's, on the machine
_TAIL_BYTES = 64_000  # of the log that are looked at
_DELETED = ".deleted-"  # start of the name of a folder that is being removed
_PROGRESS = ("what", "done", "total")  # that progress always says
_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class Folder:
    """Paths and content of a run's folder; ``path.name`` is the run's id."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def lock(self) -> Path:
        """Held by the run's process."""
        return self.path / ".lock"

    @property
    def in_queue(self) -> bool:
        """Whether it is one of the runs that take turns and whose models become versions."""
        return self.path.parent.resolve() == runs_dir().resolve()

    def checkpoint(self, model: str) -> Path:
        return self.path / f"checkpoint-{model}.npz"

    def request(self) -> Request:
        """Raises RunError: it is damaged, or of another version of the program."""
        data = self._read("run.json")
        if data.get("format") != FORMAT:
            raise RunError(
                f"Run {self.id} was made by another version of BRAIN (format {data.get('format')!r:.20}, not "
                f"{FORMAT}): it can be deleted but neither shown nor resumed."
            )
        return self._as(Request, data, "run.json")

    def state(self) -> State:
        """Raises RunError: it is damaged."""
        state = self._as(State, self._read("state.json"), "state.json")
        if state.status not in STATUSES:
            raise RunError(f"Run {self.id} is damaged: state.json has no such status as {state.status!r:.20}.")
        return state

    def write_state(self, state: State) -> None:
        write_json(self.path / "state.json", asdict(state))

    def write_queued(self, state: State) -> None:
        """A state without a process, which is going to be started."""
        for stale in ("process.json", "progress.json"):  # of an earlier one
            (self.path / stale).unlink(missing_ok=True)
        self.write_state(state)

    def seconds_unchanged(self) -> float:
        """Since it was last said how the run stands; 0 where that cannot be told."""
        try:
            return time.time() - (self.path / "state.json").stat().st_mtime
        except OSError:
            return 0.0

    def write_process(self, pid: int, started: float) -> None:
        """Which process was started for the run; it says so itself a moment later."""
        write_json(self.path / "process.json", {"pid": pid, "started": started})

    @property
    def has_process(self) -> bool:
        """Whether a process was ever started for it."""
        return (self.path / "process.json").exists()

    def is_held(self) -> bool:
        """Whether a process is at work in it, whatever its files say."""
        if not self.lock.exists():
            return False
        try:
            with FileLock(self.lock, timeout=0):
                return False
        except OSError as error:
            return isinstance(error, Timeout)

    def is_alive(self, state: State) -> bool:
        """Whether the run's process lives."""
        if state.pid is not None:
            return process_of(state.pid, state.process_started) is not None
        return self.has_living_process

    @property
    def has_living_process(self) -> bool:
        """Whether the process lives that was started for it last."""
        return self.process() is not None

    def process(self) -> psutil.Process | None:
        """The process that was started for it last, while it lives."""
        try:
            known = self._read("process.json")
            return process_of(known["pid"], known["started"])
        except (RunError, KeyError):
            return None

    def progress(self) -> dict | None:
        """What the process last said of how far it is, see `recorder`; None before it did."""
        try:
            progress = self._read("progress.json")
        except RunError:
            return None
        return progress if all(name in progress for name in _PROGRESS) else None

    def write_progress(self, progress: dict) -> None:
        write_json(self.path / "progress.json", progress)

    def epochs(self) -> dict[str, dict[str, list[dict]]]:
        """By model and phase the metrics of each finished epoch; of one that was trained twice, the later."""
        found: dict[str, dict[str, dict[int, dict]]] = {}
        try:
            text = (self.path / "epochs.jsonl").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        for line in text.splitlines():
            try:
                row = json.loads(line)
                model, phase, epoch, metrics = str(row["model"]), str(row["phase"]), int(row["epoch"]), row["metrics"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue  # cut off in the middle of the line
            if isinstance(metrics, dict):
                found.setdefault(model, {}).setdefault(phase, {})[epoch] = metrics
        return {
            model: {phase: [rows[i] for i in sorted(rows)] for phase, rows in phases.items()}
            for model, phases in found.items()
        }

    def add_epoch(self, model: str, phase: str, epoch: int, metrics: dict[str, float]) -> None:
        with (self.path / "epochs.jsonl").open("a", encoding="utf-8") as file:
            file.write("\n" * self._broken(file) + json.dumps(
                {"model": model, "phase": phase, "epoch": epoch, "metrics": metrics}
            ) + "\n")  # fmt: skip

    def ask_to_stop(self) -> None:
        (self.path / "cancel").touch()

    def may_go_on(self) -> None:
        (self.path / "cancel").unlink(missing_ok=True)

    @property
    def is_asked_to_stop(self) -> bool:
        return (self.path / "cancel").exists()

    def log_tail(self, lines: int = LOG_TAIL) -> list[str]:
        """Last lines; of a progress bar that was drawn over and over, how it looked last."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        shown = (line.rstrip("\r").rsplit("\r", 1)[-1].rstrip() for line in text.split("\n"))
        return [line for line in shown if line and not _REMARK.match(line)][-lines:]

    def delete(self) -> None:
        """In one step out of sight, then piece by piece, with what earlier deletions left when they were cut off.

        Raises:
            RunError: it cannot be deleted.
        """
        try:
            os.replace(self.path, self.path.with_name(f"{_DELETED}{self.id}-{secrets.token_hex(2)}"))
        except OSError as error:
            raise RunError(f"Run {self.id} cannot be deleted: {reason_of(error)}.") from error
        for hidden in self.path.parent.glob(f"{_DELETED}*"):
            shutil.rmtree(hidden, ignore_errors=True)

    def _broken(self, file) -> bool:
        """Whether the last line of the file was cut off."""
        if not file.tell():
            return False
        with Path(file.name).open("rb") as reader:
            reader.seek(-1, os.SEEK_END)
            return reader.read() != b"\n"

    def _read(self, name: str) -> dict:
        try:
            data = json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise RunError(f"Run {self.id} is damaged: {name} cannot be read ({error}).") from error
        if not isinstance(data, dict):
            raise RunError(f"Run {self.id} is damaged: {name} holds no object.")
        return data

    def _as(self, kind: type[_Kind], data: dict, name: str) -> _Kind:
        try:
            return from_json(kind, data, name)
        except ValueError as error:
            raise RunError(f"Run {self.id} is damaged: {error}.") from error


def runs_dir() -> Path:
    """Where runs that take turns have their folders."""
    return settings().home / "runs"


def process_of(pid: int, started: float) -> psutil.Process | None:
    """This very process, while it lives; another one that got its number later does not count."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < SAME_START and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, TypeError, ValueError):
        return None
    return process if same else None
