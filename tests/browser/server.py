"""The dashboard on a real server, for a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SECONDS = 60_000  # milliseconds, before a wait counts as a failure


@contextmanager
def serving(models_dir: Path, folder: Path, **more: object) -> Iterator[str]:
    """The address of a server of its own; ``folder`` receives what it writes, ``more`` as in `start`."""
    port = free_port()
    server = start(models_dir, folder, port, **more)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)
    assert "Traceback" not in (folder / "log").read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def start(models_dir: Path, folder: Path, port: int, **more: object) -> subprocess.Popen:
    """A server's process, which may not answer yet; its log goes on with what an earlier one wrote.

    Args:
        more: further environment variables.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
    environment |= {"BRAIN_MODELS_DIR": str(models_dir), "BRAIN_HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    environment |= {name: str(value) for name, value in more.items()}
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    command += ["--server.fileWatcherType", "none"]  # the code does not change under a test
    with (folder / "log").open("a") as log:
        return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)


def wait_for(url: str, server: subprocess.Popen) -> None:
    for _ in range(120):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer")


def settle(page) -> None:
    """Wait until the page's script has ended: a click before may hit what is being replaced."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=SECONDS)


def upload(page, *files: tuple[str, bytes]) -> None:
    """To Detect, once both models are ready."""
    page.get_by_text("ResNet50 test-2 ready").wait_for(timeout=SECONDS)
    settle(page)  # a file for an uploader that is being replaced is lost
    files = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    page.locator("input[type=file]").set_input_files(files)
