"""A dashboard's server for the load benchmark: its own process, on a free port of the loopback interface."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from memory import free_port, wait_for

PROJECT = Path(__file__).resolve().parents[1]
MEGABYTE = 1e6


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    address: str
    process: psutil.Process
    log: Path

    def megabytes(self) -> float:
        """Resident memory."""
        return self.process.memory_info().rss / MEGABYTE

    def seconds(self) -> float:
        """Of processor time, so far."""
        return cpu_seconds(self.process)

    def tracebacks(self) -> int:
        return self.log.read_text(errors="replace").count("Traceback")


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """The models that ship; what it writes goes to ``home``, its settings are this process' environment."""
    port, log = free_port(), home / "server.log"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=PROJECT, env=dict(os.environ), stdout=out, stderr=out)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield Server(f"http://127.0.0.1:{port}", psutil.Process(server.pid), log)
    finally:
        server.terminate()
        server.wait(30)
