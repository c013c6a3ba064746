"""The pictures of the README and docs, from the models that ship and from phantoms: python tests/browser/screenshots.py

Not a test: it writes into `docs/`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))
SIZE = {"width": 1440, "height": 1000}


def main() -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.server import CHROMIUM, FLAGS, serving

    with (
        tempfile.TemporaryDirectory() as home,
        serving(PROJECT / "saved_models", Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport=SIZE, color_scheme="dark").new_page()
        page.goto(address)
        for name, prepare in PICTURES.items():
            prepare(page)
            settled(page)
            page.screenshot(path=PROJECT / "docs" / f"{name}.png")
        browser.close()


def settled(page) -> None:
    from tests.browser.server import settle

    settle(page)
    page.wait_for_timeout(1500)  # charts and pictures come a moment later


def to(page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("heading", name=name, exact=True).wait_for()
    settled(page)


def detect(page) -> None:
    page.get_by_role("button", name="T1, bright lesion", exact=True).click(timeout=60_000)
    page.get_by_role("region", name="ResNet50").wait_for(timeout=60_000)


def metrics(page) -> None:
    to(page, "Metrics")
    page.get_by_text("Discrimination", exact=True).click()


def explain(page) -> None:
    to(page, "Explain")
    page.get_by_text("step 1 of 8").wait_for(timeout=60_000)
    page.get_by_role("button", name="Next").click()
    page.get_by_text("step 2 of 8").wait_for()


def playground(page) -> None:
    to(page, "Playground")
    page.get_by_role("button", name="Plant a lesion", exact=True).click()
    page.get_by_text("The answer has changed sides").first.wait_for(timeout=60_000)


def quiz(page) -> None:
    to(page, "Quiz")
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Scan 1 of 5").wait_for()


PICTURES = {"detect": detect, "metrics": metrics, "explain": explain, "playground": playground, "quiz": quiz}

if __name__ == "__main__":
    main()
