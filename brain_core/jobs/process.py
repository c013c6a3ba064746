"""Processes of the program's own command line, in the background."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import psutil

from brain_core.errors import RunError
from brain_core.jobs.folder import Folder
from brain_core.jobs.record import reason_of
from brain_core.settings import PROJECT, settings

PROGRAM = (sys.executable, "-m", "brain_core")
NICE = 19  # as far below normal as there is: whoever uses the dashboard comes first
AUTOGROUP = "/proc/{}/autogroup"  # Linux shares the processor among sessions before it looks at priorities
LIMITS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")  # of the environment


def threads() -> int:
    """For work in the background: half of the processor's, so that the dashboard keeps the other half."""
    return max(1, (os.cpu_count() or 2) // 2)


def spawn(folder: Folder, words: Sequence[str], *, cwd: str, gently: bool = False) -> None:
    """Start one; what it prints goes to the folder's log.

    Args:
        gently: below normal priority and with `threads` of the processor's; else its words say so.

    It is in a session of its own, so that it neither ends with this process nor hears a Ctrl-C meant for that.

    Raises:
        RunError: it cannot be started.
    """
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    where = {"BRAIN_HOME": str(settings().home), "BRAIN_MODELS_DIR": str(settings().models_dir)}
    if gently:
        where |= dict.fromkeys(LIMITS, str(threads()))
    try:
        with folder.log.open("ab") as log:
            process = subprocess.Popen(
                [*PROGRAM, *words],
                cwd=cwd,
                env=os.environ | where | {"PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise RunError(f"The process of {folder.id} cannot be started: {reason_of(error)}.") from error
    threading.Thread(target=process.wait, name=f"wait-{process.pid}", daemon=True).start()  # it leaves no zombie
    with contextlib.suppress(psutil.Error, OSError):  # it has ended; the disk is full
        started = psutil.Process(process.pid)
        folder.write_process(process.pid, started.create_time())
        if gently and psutil.POSIX:
            started.nice(NICE)
            Path(AUTOGROUP.format(process.pid)).write_text(str(NICE))  # an OSError elsewhere than on Linux
