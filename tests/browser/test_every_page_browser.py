"""Every page in both themes, on a wide screen and a telephone: accessible, nothing cut off, nothing complained of."""

from __future__ import annotations

import pytest

from tests.browser.server import SECONDS, serving, settle, upload
from tests.needed import lacking

WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
PAGES = (
    "Detect", "PACS", "Review", "Metrics", "Thresholds", "Retrain", "Monitor",
    "Explain", "Playground", "When it fails", "Quiz",
)  # fmt: skip
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# Streamlit groups the links of its menu with a div in their list, which a list may not hold.
NOT_OURS = {"list", "listitem"}
IN_MENU = "e => e.closest('[data-testid=stSidebarNav]') !== null"
CUT_OFF = """
() => [...document.querySelectorAll('[class*=brain-], button p, h1, h2, h3')]
  .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'visible')
  .map(e => e.className + ': ' + e.innerText.slice(0, 60))
"""
TOO_WIDE = "() => document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def address(measured_files, tmp_path_factory):
    """Of a server with stored predictions, so that the pages have something to show."""
    with serving(measured_files, tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def axe():
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        lacking("The browser test needs axe-core (pip install axe-playwright-python).")
    return Axe()


@pytest.fixture(params=["dark", "light"])
def color_scheme(request):
    return request.param


def serious(axe, page) -> list[str]:
    """What axe-core finds, but for minor matters and what is not ours."""
    told = []
    for rule in axe.run(page, options=RULES).response["violations"]:
        if rule["impact"] not in ("serious", "critical"):
            continue
        for node in rule["nodes"]:
            (target,) = node["target"]
            if not (rule["id"] in NOT_OURS and page.locator(target).first.evaluate(IN_MENU)):
                told.append(f"{rule['id']}: {node['html'][:160]}: {node['failureSummary'][:240]}")
    return told


def assert_readable(page, axe) -> None:
    """At both widths."""
    page.wait_for_timeout(500)  # the last element fades in
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.wait_for_timeout(300)
        assert page.evaluate(TOO_WIDE) <= 0, f"the page is wider than {size['width']} pixels"
        assert page.evaluate(CUT_OFF) == []
        assert serious(axe, page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_all(page, axe, name):
    page.get_by_role("link", name=name, exact=True).first.click(timeout=SECONDS)
    page.get_by_role("heading", name=name, exact=True).wait_for(timeout=SECONDS)
    page.get_by_text("Loading models…").wait_for(state="detached", timeout=SECONDS)
    settle(page)
    assert_readable(page, axe)


def test_a_scan_that_is_open_can_be_read_by_all(page, axe, picture):
    upload(page, ("head.png", picture(1)))
    page.get_by_role("region", name="ResNet50").wait_for(timeout=SECONDS)
    settle(page)
    assert_readable(page, axe)


def test_a_case_with_its_answer_can_be_read_by_all(page, axe):
    page.get_by_role("link", name="When it fails").click(timeout=SECONDS)
    page.get_by_role("button", name="Open case 4").click(timeout=SECONDS)
    page.get_by_text("The answer", exact=True).click(timeout=SECONDS)
    settle(page)
    assert_readable(page, axe)


def test_two_visitors_at_once_see_their_own_scans_alone(browser, page, address, picture):
    context = browser.new_context(viewport=WIDE)
    other = context.new_page()
    other.goto(address)
    upload(page, ("mine.png", picture(1)))
    upload(other, ("yours.png", picture(2)))
    for visitor, own, others in ((page, "mine.png", "yours.png"), (other, "yours.png", "mine.png")):
        visitor.get_by_role("region", name="ResNet50").wait_for(timeout=SECONDS)
        settle(visitor)
        assert visitor.get_by_role("heading", name=own).is_visible() and others not in visitor.content()
    context.close()
