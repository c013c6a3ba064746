"""The Thresholds page in a real browser: a link as the first visit, the slider, a saved point that Detect goes by."""

from __future__ import annotations

import re

import pytest

from tests.browser.server import SECONDS, serving, settle, upload


@pytest.fixture(scope="module")
def address(measured_files, tmp_path_factory):
    """Of a server that nobody has visited yet, with stored predictions of the first model."""
    with serving(measured_files, tmp_path_factory.mktemp("server")) as address:
        yield f"{address}/Thresholds?t_custom_cnn=0.25&prevalence=20"


def test_a_link_opens_the_page_as_it_was_inside_the_dashboard(page):
    from playwright.sync_api import expect

    page.get_by_role("heading", name="Thresholds").wait_for(timeout=SECONDS)
    page.get_by_text("it never replaces one").wait_for(timeout=SECONDS)
    assert page.get_by_role("link", name="Detect").is_visible()
    for label, value in (("as a number", "0.250"), ("Prevalence of a tumour", "20.00")):
        expect(page.get_by_role("spinbutton", name=label)).to_have_value(value, timeout=SECONDS)


def test_the_slider_moves_the_figures_and_the_address(page):
    page.get_by_text("Of 4 scans with a tumour 4 are found").wait_for(timeout=SECONDS)
    page.get_by_role("slider").first.focus()
    page.keyboard.press("End")
    page.get_by_text("Of 4 scans with a tumour 0 are found").wait_for(timeout=SECONDS)
    page.wait_for_url(re.compile("t_custom_cnn=1(&|$)"), timeout=SECONDS)


def save(page) -> None:
    page.get_by_text("Use 0.250 from now on").click(timeout=SECONDS)
    page.get_by_label("Your name").fill("A. Reader")
    page.get_by_label("Reason").fill("screening")
    page.get_by_role("button", name="Save this operating point").click()
    page.get_by_text(re.compile("0.250: set by A. Reader on .*: screening; chosen by hand")).wait_for(timeout=SECONDS)


def test_one_click_takes_a_saved_point_back(page):
    save(page)
    settle(page)
    page.get_by_text("History: ").first.click(timeout=SECONDS)
    history = page.get_by_test_id("stExpander").filter(has_text="History: 1 entry")
    history.locator("canvas").first.wait_for(timeout=SECONDS)  # the table comes late and moves the button down
    settle(page)
    history.get_by_role("button", name="Back one step").click()
    page.get_by_text("0.400: best balanced accuracy, validation").wait_for(timeout=SECONDS)


def test_a_saved_point_is_the_one_that_detect_goes_by(page, picture):
    save(page)
    page.get_by_role("link", name="Detect").click()
    upload(page, ("head.png", picture(1)))
    card = page.get_by_role("region", name="Custom CNN")
    card.wait_for(timeout=SECONDS)
    assert "Threshold 0.250: set by A. Reader" in re.sub(r"\s+", " ", card.inner_text())
