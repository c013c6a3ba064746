"""What tests do with runs, and what has to hold after each of it."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from brain_core import in_service, versions
from brain_core.jobs import control, watch
from brain_core.jobs.folder import Folder
from brain_core.models import MODELS
from brain_core.registry import read_card

NAME = "custom_cnn"
PATIENCE = 90  # seconds for what a busy machine does in ten


class Service:
    """The models in service of a test, and whether anything about them has changed."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._before = self._now()

    def check(self) -> None:
        """Nothing in service is other than it was, and what is listed as a version is whole."""
        assert self._now() == self._before
        for name in MODELS:
            assert in_service.history(name, self.folder) == []
            for version in versions.listed(name, self.folder):
                version.card().check()
                assert version.in_service == version.shipped

    def _now(self) -> dict:
        files = (path for path in self.folder.rglob("*") if path.is_file() and "versions" not in path.parts)
        return {path: path.read_bytes() for path in files} | {name: read_card(name, self.folder) for name in MODELS}


def words_for(data: Path, *more: str) -> list[str]:
    """A short training of the custom CNN: 16 scans in 4 batches, 2 x 5 epochs."""
    lengths = ["--epochs-head", "5", "--epochs-finetune", "5", "--batch-size", "4"]
    rates = ["--lr-head", "0.02", "--lr-finetune", "0.01"]
    return ["train", str(data), "--model", NAME, *lengths, *rates, *more]


def start(data: Path, *more: str) -> Folder:
    return control.start(words_for(data, *more), models=[NAME], data=data.name)


def until(what, folder: Folder | None = None, seconds: float = PATIENCE) -> None:
    """Wait for it; in vain where a run has ended meanwhile."""
    deadline = time.monotonic() + seconds
    while not what():
        ended = folder is not None and not watch.look(folder).is_going_on
        if (ended or time.monotonic() > deadline) and not what():
            raise AssertionError("it never came", folder and (folder.state(), folder.log_tail()))
        time.sleep(0.02)


def status_of(folder: Folder) -> str:
    return watch.look(folder).status


def kill(folder: Folder) -> None:
    """Its process, as the system kills one."""
    state = folder.state()
    pid = state.pid or folder.process().pid
    psutil.Process(pid).kill()
    until(lambda: not folder.is_alive(state) and not folder.is_held())  # its other threads end a little later
