"""The Detect page in a real browser, on a real server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from brain_core.scans.phantom import Lesion, Phantom, draw
from tests.conftest import REQUIRE_ALL

PROJECT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
HOSTILE = "<img src=x onerror=window.hacked=1> **b**.png"
SECONDS = 60_000  # milliseconds, before a wait counts as a failure


def lacking(what: str) -> None:
    message = f"The browser test needs {what}."
    pytest.fail(message) if REQUIRE_ALL else pytest.skip(message)


@pytest.fixture(scope="module")
def address(service_files, tmp_path_factory):
    """Of a server of its own, with the small models."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("server")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
    environment |= {"BRAIN_MODELS_DIR": str(service_files), "BRAIN_HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)
    assert "Traceback" not in (folder / "log").read_text()


def wait_for(url: str, server: subprocess.Popen) -> None:
    for _ in range(120):
        assert server.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("Playwright for Python (pip install playwright)")
    if not CHROMIUM:
        lacking("Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """A new visitor's page; what the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def picture(encode):
    """``picture(seed)``: a phantom as a PNG file."""
    return lambda seed: encode(draw(Phantom(seed=seed, lesion=Lesion() if seed % 2 else None, size=128)).pixels)


def upload(page, *files: tuple[str, bytes]) -> None:
    page.get_by_text("ResNet50 test-2 ready").wait_for(timeout=SECONDS)
    files = [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    page.locator("input[type=file]").set_input_files(files)


def test_the_first_page_loads_the_models_by_itself(page):
    page.get_by_text("No scan at hand? Open a sample").wait_for(timeout=SECONDS)
    page.get_by_text("Custom CNN test-1 ready").wait_for(timeout=SECONDS)
    assert page.get_by_text("it never replaces one").is_visible()


def test_nothing_is_fetched_from_elsewhere(browser, address):
    page, hosts = browser.new_page(), set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if "//" in request.url else None)
    page.goto(address)
    page.get_by_text("Open a sample").wait_for(timeout=SECONDS)
    page.close()
    assert hosts == {address.removeprefix("http://")}


def test_one_scan_shows_the_probability_and_the_map_of_both_models(page, picture):
    upload(page, ("head.png", picture(1)))
    for title in ("Custom CNN", "ResNet50"):
        card = page.get_by_role("region", name=title)
        card.wait_for(timeout=SECONDS)
        assert re.search(r"(Tumour|No tumour)\s*0\.\d{3}", card.inner_text())
    pictures = page.locator("[data-testid=stImage] img")
    page.wait_for_function("document.querySelectorAll('[data-testid=stImage] img').length === 3", timeout=SECONDS)
    boxes = [pictures.nth(i).bounding_box() for i in range(3)]
    assert max(b["y"] for b in boxes) - min(b["y"] for b in boxes) < 2, boxes  # side by side
    assert page.get_by_text("it never replaces one").is_visible()


def test_many_scans_make_a_worklist_and_no_name_becomes_html(page, picture):
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(5)], (HOSTILE, picture(7)), ("bad.png", b"no picture"))
    page.get_by_text("Worklist: 7 scans").wait_for(timeout=SECONDS)
    assert page.get_by_text("bad.png: not a picture").is_visible()
    box = page.locator("[data-testid=stDataFrame]").bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 40 + 1.5 * 56)
    page.get_by_role("region", name="Custom CNN").wait_for(timeout=SECONDS)
    assert page.evaluate("window.hacked") is None
    with page.expect_download(timeout=SECONDS) as zipped:
        page.get_by_role("button", name="Overlays (zip)").click()
    assert Path(zipped.value.path()).read_bytes().startswith(b"PK")


def test_a_hostile_name_is_shown_literally(page, picture):
    upload(page, (HOSTILE, picture(1)))
    heading = page.get_by_role("heading", name=HOSTILE)
    heading.wait_for(timeout=SECONDS)
    assert heading.locator("img, strong").count() == 0
    assert page.evaluate("window.hacked") is None


def test_cancel_works_while_scans_are_scored(page, encode):
    scans = [(f"{i}.png", encode(draw(Phantom(seed=i, size=1024)).pixels)) for i in range(60)]
    upload(page, *scans)
    page.get_by_text(re.compile(r"\d+ of 60 scans, about \d+ s left")).wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text(re.compile(r"Cancelled: \d+ of 60 scans are scored")).wait_for(timeout=SECONDS)
    assert page.get_by_role("button", name="Score the remaining").is_visible()


def test_my_read_comes_first(page, picture):
    page.get_by_text("My read first").click()
    upload(page, ("head.png", picture(1)))
    page.get_by_text("What do you see?").wait_for(timeout=SECONDS)
    assert page.get_by_role("region", name="Custom CNN").count() == 0
    page.get_by_text("Unsure").click()
    page.get_by_role("button", name="Record my read").click()
    page.get_by_role("region", name="Custom CNN").wait_for(timeout=SECONDS)
    assert page.get_by_text("Your read: unsure, recorded before").is_visible()
