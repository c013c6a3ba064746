"""A real Ray cluster of two nodes on this machine: on ports and in folders of its own."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

import psutil

STARTS_IN = 60  # seconds, at most
OBJECT_STORE = 80_000_000  # bytes, the least that Ray takes
NODE = ("--block", "--num-cpus=1", f"--object-store-memory={OBJECT_STORE}", "--node-ip-address=127.0.0.1")


def missing() -> str | None:
    """What is not installed, None if all is there."""
    if importlib.util.find_spec("ray") is None:
        return "Ray is not installed: no cluster to test on (pip install 'brain-dashboard[cluster]')."
    return None


def free_port() -> int:
    """A TCP port of this machine that nobody uses at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Nodes:
    """A head and a worker, of one processor each, with this process' environment and ``variables``.

    Attributes:
        address: ``host:port`` of the head.
        access: variables of the environment of whoever may speak to the cluster.
    """

    def __init__(self, **variables: object):
        self.folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # short: sockets lie in it
        self.address = f"127.0.0.1:{free_port()}"
        self.access = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        self._environment = os.environ | self.access | {name: str(value) for name, value in variables.items()}
        port = self.address.split(":")[1]
        self._started: list[psutil.Process] = []
        ports = (f"--port={port}", f"--ray-client-server-port={free_port()}")
        self._start("head", "--head", *ports, "--include-dashboard=false")
        self._wait()
        self._start("worker", f"--address={self.address}")

    def kill_worker(self) -> None:
        """SIGKILL to the raylet of the second node, as when its machine is lost."""
        (raylet,) = [each for each in self._started[1].children(recursive=True) if each.name() == "raylet"]
        raylet.kill()

    def stop(self) -> None:
        """Kill what was started here, and nothing else."""
        for node in reversed(self._started):
            children = node.children(recursive=True) if node.is_running() else []
            for process in (node, *children):
                if process.is_running():
                    process.kill()
            psutil.wait_procs([node, *children], timeout=STARTS_IN)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _start(self, name: str, *arguments: str) -> None:
        program = Path(sys.executable).with_name("ray")
        with (self.folder / f"{name}.log").open("wb") as log:
            process = psutil.Popen(
                [str(program), "start", *NODE, f"--temp-dir={self.folder / name}", "--disable-usage-stats", *arguments],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)

    def _wait(self) -> None:
        host, port = self.address.split(":")
        latest = time.monotonic() + STARTS_IN
        while time.monotonic() < latest:
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"Ray did not start: {self.log()}")
