"""The Explain page in a real browser: its steps by keyboard, methods compared and given up, a picture of one's own."""

from __future__ import annotations

import pytest

from tests.browser.server import SECONDS, settle

# The small models are done in a second or two: too soon for a click that is sent when the button is seen.
CANCEL_AT_ONCE = """
() => new MutationObserver((_, observer) => {
  const cancel = [...document.querySelectorAll('button')].find(each => each.innerText.includes('Cancel'));
  if (cancel) { observer.disconnect(); cancel.click(); window.cancelled = true; }
}).observe(document.body, {childList: true, subtree: true})
"""


@pytest.fixture
def explain(page):
    """The page, reached by its link, with a phantom."""
    page.get_by_role("link", name="Explain").click(timeout=SECONDS)
    page.get_by_text("step 1 of 8").wait_for(timeout=SECONDS)
    settle(page)
    return page


def test_the_steps_by_keyboard(explain):
    for step in range(2, 9):
        explain.keyboard.press("k")
        explain.get_by_text(f"step {step} of 8").wait_for(timeout=SECONDS)
        settle(explain)
    assert explain.get_by_role("img", name="Overlay, of Grad-CAM for tumour by Custom CNN").is_visible()
    explain.keyboard.press("j")
    explain.get_by_text("step 7 of 8").wait_for(timeout=SECONDS)
    explain.get_by_text("All at a glance").click()
    explain.get_by_text("8. Overlay").wait_for(timeout=SECONDS)
    assert explain.locator(".brain-tiles img").count() == 8


def test_methods_are_compared_and_work_can_be_given_up(explain):
    explain.get_by_text("Methods side by side").click()
    explain.get_by_role("button", name="Compare").wait_for(timeout=SECONDS)
    settle(explain)
    explain.evaluate(CANCEL_AT_ONCE)
    explain.get_by_role("button", name="Compare").click()
    explain.wait_for_function("window.cancelled", timeout=SECONDS)
    settle(explain)
    assert explain.get_by_role("button", name="Compare").is_enabled()
    assert explain.get_by_text("Integrated gradients,").count() == 0
    explain.get_by_role("button", name="Compare").click()
    explain.get_by_text("Each map is scaled to its own maximum").wait_for(timeout=SECONDS)
    settle(explain)
    assert explain.locator(".brain-tiles img").count() == 6


def test_a_picture_of_ones_own(explain, picture):
    box = explain.get_by_role("combobox", name="Scan")
    box.click()
    box.fill("A picture of my own")
    box.press("Enter")
    explain.locator("input[type=file]").set_input_files(
        {"name": "head.png", "mimeType": "image/png", "buffer": picture(1)}
    )
    explain.get_by_text("step 1 of 8").wait_for(timeout=SECONDS)
    assert explain.get_by_role("img", name="Input, of Grad-CAM").is_visible()
