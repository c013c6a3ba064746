"""The PACS page in a real browser, with a real archive: connection, search, patients hidden, results stored there."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.browser.server import SECONDS, free_port, settle, start, wait_for
from tests.pacs.conftest import running, tables
from tests.pacs.orthanc import Orthanc
from tests.scans.dicom_files import series_datasets, to_bytes

__all__ = ["running"]

SLICES = 9
NAME, ID = "<b>Muster</b>^<img src>", "SECRET-77"
DESCRIPTION = "Brain <b>T1</b> <img src=x onerror=window.hacked=1>"
LEFT, ROW, HEADER = 18, 36, 38  # pixels: to the middle of a row's box, of a row, of the table's head


class Site:
    """A server whose settings can be changed, and what it wrote."""

    def __init__(self, folder: Path, archive: Orthanc, models_dir: Path):
        self.folder, self.archive, self.secrets, self.port = folder, archive, folder / "secrets.toml", free_port()
        self.configure()
        self.process = start(models_dir, folder, self.port, BRAIN_SECRETS=self.secrets)
        wait_for(f"http://localhost:{self.port}/_stcore/health", self.process)

    def configure(self, **changes: str) -> None:
        table = tables(self.archive)["dicomweb"] | changes
        self.secrets.write_text("\n".join(["[pacs]", *(f'{key} = "{value}"' for key, value in table.items())]))

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def site(running, service_files, tmp_path_factory):
    running.clear()
    shown = {"StudyDescription": DESCRIPTION, "StudyDate": time.strftime("%Y%m%d")}
    for ds in series_datasets(SLICES, size=64, PatientName=NAME, PatientID=ID, **shown):
        running.put(to_bytes(ds))
    found = Site(tmp_path_factory.mktemp("pacs"), running, service_files)
    yield found
    found.process.terminate()
    found.process.wait(30)
    assert "Traceback" not in found.log
    assert not any(told in found.log for told in ("Muster", ID, "correct-horse"))


@pytest.fixture(scope="module")
def address(site):
    return f"http://localhost:{site.port}"


@pytest.fixture
def pacs(page, site):
    """The page, reached by its link."""
    site.configure()
    page.get_by_role("link", name="PACS").click(timeout=SECONDS)
    page.get_by_role("button", name="Test connection").wait_for(timeout=SECONDS)
    settle(page)
    yield page
    assert page.evaluate("window.hacked") is None
    assert "?" not in page.url


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click(timeout=SECONDS)


def open_study(page) -> None:
    """Find the study and select its row."""
    press(page, "Find")
    page.get_by_text("1 study. Select a row to open it.").wait_for(timeout=SECONDS)
    settle(page)
    table = page.locator(".dvn-scroller").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": LEFT, "y": HEADER + ROW // 2})
    page.get_by_role("heading", name=DESCRIPTION).wait_for(timeout=SECONDS)
    settle(page)


def test_every_step_of_the_connection_is_shown(pacs):
    press(pacs, "Test connection")
    pacs.get_by_text("The archive can be reached; nothing was written to it.").wait_for(timeout=SECONDS)
    told = pacs.get_by_role("list", name="Test of the connection").inner_text()
    assert re.findall(r"(?m)^(Settings|Host name|Port|Login|Query)\s+ok$", told) == [
        "Settings", "Host name", "Port", "Login", "Query",
    ]  # fmt: skip
    assert "failed" not in told


def test_a_wrong_password_shows_its_step_and_the_exact_error(pacs, site):
    site.configure(password="wrong-horse")
    press(pacs, "Test connection")
    pacs.get_by_text("The first step that failed says why").wait_for(timeout=SECONDS)
    step = pacs.get_by_role("listitem").filter(has_text="Login").inner_text()
    assert "failed" in step and "The archive refuses: HTTP 401: user, password or token are wrong or missing." in step
    assert "wrong-horse" not in pacs.content() + site.log


def test_patients_are_named_by_the_switch_only_and_as_text(pacs):
    open_study(pacs)
    assert "Muster" not in pacs.content() and ID not in pacs.content()
    pacs.get_by_text("Show patients").click()
    who = pacs.get_by_label("The patient", exact=True)
    who.wait_for(timeout=SECONDS)
    assert NAME in who.inner_text() and ID in who.inner_text() and who.locator("b, img").count() == 0
    pacs.get_by_text("Show patients").click()
    who.wait_for(timeout=SECONDS, state="detached")
    settle(pacs)
    gone = "words => !words.some(word => document.documentElement.outerHTML.includes(word))"
    pacs.wait_for_function(gone, arg=["Muster", ID], timeout=SECONDS)  # tables are drawn a moment later


def test_results_are_in_the_archive_after_a_confirmation(pacs, site):
    open_study(pacs)
    press(pacs, "Score and store back")
    pacs.get_by_role("dialog").get_by_text("one structured report (TID 1500)").wait_for(timeout=SECONDS)
    assert len(site.archive.instances()) == SLICES
    press(pacs, "Score and store")
    pacs.get_by_text("Results in the archive: 3 stored.").wait_for(timeout=2 * SECONDS)
    assert len(site.archive.instances("SR")) == 1 and len(site.archive.instances("OT")) == 2
    assert len(site.archive.get("/studies")) == 1
    assert list((site.folder / "pacs" / "fetched").iterdir()) == []


def test_a_study_goes_to_detect(pacs, site):
    open_study(pacs)
    press(pacs, "Open in Detect")
    pacs.get_by_role("heading", name="Detect", exact=True).wait_for(timeout=SECONDS)
    assert list((site.folder / "pacs" / "fetched").iterdir()) == []
    pacs.get_by_text(re.compile(rf"^{SLICES} slices")).first.wait_for(timeout=SECONDS)  # it arrived
