"""A browser, a server with two small models (see `tests.ui.service`), and a visitor's page."""

import shutil
from contextlib import suppress

import pytest

from brain_core.scans.phantom import Lesion, Phantom, draw
from tests.browser.server import CHROMIUM, FLAGS, SECONDS, serving, settle
from tests.needed import lacking
from tests.ui.service import in_service, service_files, store_predictions

__all__ = ["in_service", "service_files"]


@pytest.fixture(scope="module")
def address(service_files, tmp_path_factory):
    """Of a server of its own, with the small models."""
    with serving(service_files, tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def measured_files(service_files, tmp_path_factory):
    """A copy of the models' folder, with stored predictions of the first one."""
    models_dir = tmp_path_factory.mktemp("measured") / "models"
    shutil.copytree(service_files, models_dir)
    parts = {"validation": ((0.9, 0.6), (0.4, 0.1)), "test": ((0.9, 0.8, 0.6, 0.3), (0.7, 0.2, 0.1, 0.05))}
    store_predictions(models_dir, "custom_cnn", **parts)
    return models_dir


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("The browser test needs Playwright for Python (pip install playwright).")
    if not CHROMIUM:
        lacking("The browser test needs Chromium (apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def is_complaint(message) -> bool:
    """Whether a console message tells of an error.

    Streamlit looks for its server below the page's own path first, and forgets a picture when a run of the page ends
    without it, which may be before a browser that still draws an older run has asked for it: see `lost_pictures`.
    """
    url = message.location["url"]
    looking = url.endswith(("_stcore/health", "_stcore/host-config"))
    replaced = "/media/" in told(message) and ("404" in message.text or "Image source error" in message.text)
    return message.type == "error" and not looking and not replaced


def lost_pictures(page) -> list[str]:
    """Addresses of the pictures that stand on a page and cannot be seen; empty for a page that is gone."""
    broken = (
        "[...document.images].filter(i => i.src.includes('/media/') && i.complete && !i.naturalWidth).map(i => i.src)"
    )
    if page.is_closed() or not page.evaluate(broken):
        return []
    settle(page)  # what was being replaced is by now
    page.wait_for_function("[...document.images].every(i => i.complete)", timeout=SECONDS)
    return page.evaluate(broken)


def told(message) -> str:
    return f"{message.text} {message.location['url']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What stood on the page of a test that failed goes into its report."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and page is not None:
        with suppress(Exception):  # a page that is gone tells nothing more
            report.sections.append(("The page", f"{page.url}\n{page.locator('body').inner_text(timeout=5000)}"))
    return report


@pytest.fixture
def color_scheme():
    """Of the visitor's system: reading rooms are dark."""
    return "dark"


@pytest.fixture
def page(browser, address, color_scheme):
    """A new visitor's page; what the browser complains of fails the test."""
    size = {"width": 1440, "height": 1000}
    context = browser.new_context(viewport=size, accept_downloads=True, color_scheme=color_scheme)
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(told(message)) if is_complaint(message) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.goto(address)
    yield page
    lost = lost_pictures(page)
    context.close()
    assert complaints == [] and lost == []


@pytest.fixture
def picture(encode):
    """``picture(seed)``: a phantom as a PNG file."""
    return lambda seed: encode(draw(Phantom(seed=seed, lesion=Lesion() if seed % 2 else None, size=128)).pixels)
