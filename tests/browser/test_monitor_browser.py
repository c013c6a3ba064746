"""The Monitor page in a real browser: a link as the first visit, drawn charts, sections that follow a click."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.browser.server import PROJECT, SECONDS, serving

FILL = """
from datetime import timedelta
from brain_core.store import predictions
from brain_core.store.records import now
from tests.monitoring.rows import row
from tests.store.sample_rows import failure
rows = [row(f"{i}", 0.1 + 0.8 * (i % 2), at=now() - timedelta(days=i % 9), version="test-1") for i in range(60)]
predictions.add(rows, [failure(at=now()) for _ in range(20)])
"""


@pytest.fixture(scope="module")
def address(service_files, tmp_path_factory):
    """Of a server that nobody has visited yet, with sixty predictions and twenty failures in its store."""
    folder = tmp_path_factory.mktemp("server")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
    environment |= {"BRAIN_HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", FILL], env=environment, cwd=PROJECT, check=True)
    with serving(service_files, folder) as address:
        yield f"{address}/Monitor?show=Use&by=week"


def test_a_link_opens_the_section_with_its_charts_drawn(page):
    page.get_by_role("heading", name="Monitor").wait_for(timeout=SECONDS)
    page.get_by_text("60 scored and 20 not").wait_for(timeout=SECONDS)
    titles = page.locator(".js-plotly-plot .gtitle")
    titles.nth(2).wait_for(timeout=SECONDS)
    assert sorted(titles.all_text_contents()) == [
        "Errors and cases not assessed, n = 80 inputs",
        "Inputs, n = 80",
        "Seconds a prediction, n = 60",
    ]
    page.locator(".js-plotly-plot .barlayer path").first.wait_for(timeout=SECONDS, state="attached")


def test_alerts_and_period_stand_in_the_address(page):
    page.get_by_role("radio", name="Alerts").click(timeout=SECONDS)
    page.get_by_text("1 alert is on.").wait_for(timeout=SECONDS)
    assert "show=" not in page.url  # it is what the page opens with
    page.get_by_role("radio", name="90 days").click()
    page.wait_for_url(re.compile("period=90"), timeout=SECONDS)
    page.get_by_role("radio", name="Readers").click()
    page.get_by_text("No opinion of the latest 90 days").wait_for(timeout=SECONDS)
