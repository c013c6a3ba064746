"""The pictures of the README and docs, from the models that ship and from phantoms: python tests/browser/screenshots.py

Not a test: it writes into `docs/`.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import zipfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))
SIZE = {"width": 1440, "height": 1000}
HEIGHTS = {"study": 1750}  # of the pictures that show more than a screen
SLICES = 40
DATASET = "phantoms"


def main() -> None:
    from playwright.sync_api import sync_playwright

    from brain_core.scans.phantom import write_dataset
    from tests.browser.server import CHROMIUM, FLAGS, serving

    with (
        tempfile.TemporaryDirectory() as home,
        serving(PROJECT / "saved_models", Path(home), BRAIN_DATA_ROOTS=home) as address,
        sync_playwright() as playwright,
    ):
        write_dataset(Path(home) / DATASET, 40, seed=0, size=128)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport=SIZE, color_scheme="dark").new_page()
        page.goto(address)
        for name, prepare in PICTURES.items():
            prepare(page)
            settled(page)
            page.set_viewport_size(SIZE | {"height": HEIGHTS.get(name, SIZE["height"])})
            page.screenshot(path=PROJECT / "docs" / f"{name}.png")
        page.get_by_role("button", name="Cancel this run").click()  # of the last picture
        page.get_by_text("Cancelled · Custom CNN").wait_for()
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


def study(page) -> None:
    from tests.scans.dicom_files import series_datasets, to_bytes

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, each in enumerate(series_datasets(SLICES, SeriesDescription="T1 axial + C")):
            archive.writestr(f"IM{number:04d}", to_bytes(each))
    to(page, "Detect")
    file = {"name": "study.zip", "mimeType": "application/zip", "buffer": buffer.getvalue()}
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("heading", name=re.compile("T1 axial")).wait_for(timeout=60_000)
    page.get_by_role("button", name="DICOM (zip)").wait_for(timeout=60_000)


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


def retrain(page) -> None:
    to(page, "Retrain")
    page.get_by_role("combobox", name=re.compile("^Folder with")).click()
    page.get_by_role("option", name=re.compile(f"^{DATASET} ·")).click()
    page.get_by_role("button", name="Use these data").click(timeout=60_000)
    page.get_by_role("radio", name="Custom CNN").click()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text(re.compile(r"phase 1: epoch 1\d of 20")).wait_for(timeout=120_000)


PICTURES = {each.__name__: each for each in (detect, study, metrics, explain, playground, quiz, retrain)}

if __name__ == "__main__":
    main()
