"""The Playground in a real browser: clicks into the picture plant, cover and uncover; a sweep is given up and made."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.server import SECONDS, settle


def click(page, x: float, y: float) -> None:
    """Into the picture, at these fractions of its width and height, once nothing moves any more."""
    settle(page)
    picture = page.locator(".js-plotly-plot .nsewdrag").first  # what lies above the points
    picture.scroll_into_view_if_needed(timeout=SECONDS)
    box = picture.bounding_box()
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def answers(page) -> list[str]:
    return page.get_by_text("Against the scan as read").all_inner_texts()


def test_clicks_into_the_picture_and_a_sweep(page):
    settle(page)
    page.get_by_role("link", name="Playground").click(timeout=SECONDS)
    page.get_by_text("Against the scan as read: unchanged.").nth(1).wait_for(timeout=SECONDS)
    click(page, 0.62, 0.42)
    # The points lie 2.5 % apart.
    place = re.compile(r"Lesion at 6[1-4]% from the left and 4[1-3]% from the top")
    page.get_by_text(place).wait_for(timeout=SECONDS)
    page.get_by_text(re.compile(r"Against the scan as read: [\d.]+ → [\d.]+")).nth(1).wait_for(timeout=SECONDS)
    settle(page)
    planted = answers(page)

    page.get_by_role("radio", name="Cover a patch").click()
    click(page, 0.62, 0.42)
    page.get_by_text("1 patch covered with the background").wait_for(timeout=SECONDS)
    settle(page)
    assert answers(page) != planted
    click(page, 0.62, 0.42)  # the very same point again
    page.get_by_text("1 patch covered").wait_for(state="detached", timeout=SECONDS)
    settle(page)
    assert answers(page) == planted

    page.get_by_role("button", name="Run the sweep").click()
    page.get_by_role("button", name="CSV").wait_for(timeout=SECONDS)
    page.get_by_text("Custom CNN, operating point 0.40").wait_for(timeout=SECONDS)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("radius,custom_cnn_version,custom_cnn_probability,") and len(lines) == 22
