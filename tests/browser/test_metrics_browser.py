"""The Metrics page in a real browser: a link as the first visit, drawn charts, sections that follow a click."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.browser.server import SECONDS, serving
from tests.ui.service import store_predictions


@pytest.fixture(scope="module")
def address(service_files, tmp_path_factory):
    """Of a server that nobody has visited yet, with stored predictions of both models on internal testing."""
    models_dir = tmp_path_factory.mktemp("measured") / "models"
    shutil.copytree(service_files, models_dir)
    store_predictions(models_dir, "custom_cnn", test=((0.9, 0.8, 0.6, 0.3), (0.7, 0.2, 0.1, 0.05)))
    store_predictions(models_dir, "resnet50", test=((0.9, 0.8, 0.35, 0.6), (0.7, 0.6, 0.1, 0.05)))
    with serving(models_dir, tmp_path_factory.mktemp("server")) as address:
        yield f"{address}/Metrics?model=custom_cnn&show=Discrimination"


def test_a_link_opens_the_section_with_its_charts_drawn(page):
    page.get_by_role("heading", name="Metrics").wait_for(timeout=SECONDS)
    page.get_by_text("ROC-AUC: Custom CNN 0.875").wait_for(timeout=SECONDS)
    page.locator(".js-plotly-plot .scatterlayer path.js-line").first.wait_for(timeout=SECONDS, state="attached")
    titles = page.locator(".js-plotly-plot .gtitle")
    titles.nth(2).wait_for(timeout=SECONDS)
    assert sorted(titles.all_text_contents()) == [
        "Custom CNN: scores by class, n = 8",
        "Precision-recall curve, n = 8",
        "ROC curve, n = 8",
    ]


def test_another_section_and_model_stand_in_the_address(page):
    page.get_by_role("radio", name="Errors").click(timeout=SECONDS)
    page.get_by_text("Wrong: Custom CNN 2 of 8 scans").wait_for(timeout=SECONDS)
    page.wait_for_url(re.compile("show=Errors"), timeout=SECONDS)
    page.get_by_role("radio", name="0.5", exact=True).click()
    page.wait_for_url(re.compile(r"at=0\.5"), timeout=SECONDS)
    assert "model=custom_cnn" in page.url


def test_the_other_pages_are_one_click_away(page):
    page.get_by_role("link", name="Thresholds").click(timeout=SECONDS)
    page.get_by_role("heading", name="Thresholds").wait_for(timeout=SECONDS)
    page.get_by_role("link", name="Metrics").click()
    page.get_by_role("heading", name="Metrics").wait_for(timeout=SECONDS)
    assert page.get_by_role("link", name="Detect").is_visible()
