"""Peak memory of the dashboard while it scores scans with both models, driven by a real browser."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from time import monotonic, sleep

from harness import PROJECT, machine_line, peak_memory

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
SCANS = 20


def peak_of_served_app() -> float:
    """Megabytes: the server's resident memory at its highest, models loaded and 20 scans scored."""
    with tempfile.TemporaryDirectory() as folder:
        from brain_core.scans.phantom import write_dataset

        scans = sorted(write_dataset(folder, SCANS // 2, seed=0).rglob("*.png"))
        port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
        server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://localhost:{port}/_stcore/health")
            upload(f"http://localhost:{port}", scans)
            return peak_memory(server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(20)


def upload(address: str, scans: list[Path]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(address)
        page.locator("input[type=file]").set_input_files([str(path) for path in scans])
        page.get_by_text("Overlays (zip)").wait_for(timeout=180_000)
        browser.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def wait_for(address: str, seconds: float = 60) -> None:
    end = monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            if monotonic() > end:
                raise
            sleep(0.2)


if __name__ == "__main__":
    print(machine_line())
    print(f"{peak_of_served_app():.0f} MB")
