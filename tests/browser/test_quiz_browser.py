"""The quiz in a real browser: dark, by keyboard where a reader's hands are, and the file to take home."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.browser.server import SECONDS, serving, settle


@pytest.fixture(scope="module")
def address(service_files, tmp_path_factory):
    """Of the quiz, on a server of its own."""
    with serving(service_files, tmp_path_factory.mktemp("server")) as address:
        yield f"{address}/Quiz"


@pytest.fixture
def page(page):
    """At the start, in the dark."""
    page.emulate_media(color_scheme="dark")
    return page


def check(page, name: str) -> None:
    """A radio button, by keyboard."""
    button = page.get_by_role("radio", name=name, exact=True)
    button.focus()
    page.keyboard.press("Space")


def press(page, name: str) -> None:
    """A button, by keyboard."""
    button = page.get_by_role("button", name=name)
    button.wait_for(timeout=SECONDS)
    settle(page)
    button.focus()
    page.keyboard.press("Enter")


def test_a_quiz_by_keyboard_and_its_answers_as_a_file(page):
    press(page, "Start")
    page.get_by_text("Scan 1 of 5").wait_for(timeout=SECONDS)
    for place in range(2):
        page.get_by_text(f"Scan {place + 1} of 5, synthetic phantoms").wait_for(timeout=SECONDS)
        settle(page)
        assert page.get_by_role("region", name="Custom CNN").count() == 0
        check(page, "▲ Tumour")
        check(page, "4: sure")
        press(page, "Record my read and show the models")
        page.get_by_role("region", name="ResNet50").wait_for(timeout=SECONDS)
        press(page, "Keep: ▲ Tumour" if place == 0 else "Change to: ● No tumour")
    page.get_by_text("Scan 3 of 5, synthetic phantoms").wait_for(timeout=SECONDS)
    press(page, "End the quiz")
    page.get_by_role("heading", name="Score card").wait_for(timeout=SECONDS)
    page.get_by_text("2 of 5 scans were answered to the end and are counted.").wait_for(timeout=SECONDS)
    settle(page)
    with page.expect_download(timeout=SECONDS) as taken:
        press(page, "Answers (CSV)")
    rows = list(csv.DictReader(Path(taken.value.path()).read_text().splitlines()))
    assert [(row["reader_before"], row["reader_after"]) for row in rows] == [("tumor", "tumor"), ("tumor", "no tumor")]
    assert rows[0]["custom_cnn_version"] == "test-1"
