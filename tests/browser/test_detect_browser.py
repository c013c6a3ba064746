"""The Detect page in a real browser, on a real server."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from brain_core.scans.phantom import Phantom, draw
from tests.browser.server import SECONDS, upload

HOSTILE = "<img src=x onerror=window.hacked=1> **b**.png"


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
    large = draw(Phantom(seed=1, size=1024)).pixels  # each scan is it, a little further to the right
    scans = [(f"{i}.png", encode(np.roll(large, i, axis=1), compress_level=1)) for i in range(60)]
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
