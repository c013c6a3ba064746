"""The study view in a real browser: a zip in, the chart, the slices by keyboard, who the patient is, a report."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from tests.browser.server import SECONDS, settle, upload
from tests.scans.dicom_files import series_datasets, to_bytes

COUNT = 24
NAME = "<b>Muster</b>^<img src>"
DESCRIPTION = "<b>T1</b> <img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def study() -> tuple[str, bytes]:
    """A zip of files without a suffix."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, each in enumerate(series_datasets(COUNT, PatientName=NAME, SeriesDescription=DESCRIPTION)):
            archive.writestr(f"DICOM/IM{number:04d}", to_bytes(each))
    return "study.zip", buffer.getvalue()


@pytest.fixture
def opened(page, study):
    """The page once the series is scored."""
    upload(page, study)
    page.get_by_role("button", name="PDF").wait_for(timeout=SECONDS)
    settle(page)
    yield page
    assert page.evaluate("window.hacked") is None
    assert "?" not in page.url


def slice_shown(page) -> int:
    told = page.get_by_text(re.compile(rf"^Slice \d+ of {COUNT}$")).inner_text()
    return int(told.split()[1])


def wait_for_slice(page, number: int) -> None:
    page.get_by_text(f"Slice {number} of {COUNT}", exact=True).wait_for(timeout=SECONDS)
    settle(page)


def test_a_series_is_scored_and_its_texts_are_text(opened):
    heading = opened.get_by_role("heading", name=f"3: {DESCRIPTION}")
    assert heading.is_visible() and heading.locator("img, b").count() == 0
    chart = opened.locator(".js-plotly-plot .gtitle")
    chart.wait_for(timeout=SECONDS)
    assert chart.text_content() == f"Probability along the slices, n = {COUNT}"
    for title in ("Custom CNN", "ResNet50"):
        assert re.search(r"(Tumour|No tumour)\s*0\.\d{3}", opened.get_by_role("region", name=title).inner_text())
    assert opened.get_by_text(re.compile(rf"\d+ of {COUNT} slices assessed")).is_visible()


def test_the_keyboard_moves_through_the_slices(opened):
    start = slice_shown(opened)
    opened.get_by_role("slider", name=re.compile("^Slice, of")).focus()
    opened.keyboard.press("ArrowRight")
    wait_for_slice(opened, start + 1)
    opened.keyboard.press("ArrowLeft")
    wait_for_slice(opened, start)
    opened.evaluate("document.activeElement.blur()")
    opened.keyboard.press("j")
    wait_for_slice(opened, start - 1)


def click_on_chart(page, number: int) -> None:
    """On the first model's point of a slice."""
    chart = page.locator(".js-plotly-plot")
    chart.locator(".scatterlayer path.point").first.wait_for(timeout=SECONDS, state="attached")
    chart.scroll_into_view_if_needed()
    place = chart.evaluate(
        """(chart, number) => {
            const {xaxis, yaxis} = chart._fullLayout, y = chart._fullData[0].y[number - 1]
            return {x: xaxis._offset + xaxis.d2p(number), y: yaxis._offset + yaxis.d2p(y)}
        }""",
        number,
    )
    chart.hover(position=place)
    chart.click(position=place)


def test_a_click_on_the_chart_opens_the_slice(opened):
    for number in (5, 19, 5):
        click_on_chart(opened, number)
        wait_for_slice(opened, number)


def test_the_patient_is_named_on_request_only(opened):
    assert "Muster" not in opened.content()
    opened.get_by_text("Show who the patient is").click()
    told = opened.get_by_text("<b>Muster</b>, <img src>")
    told.wait_for(timeout=SECONDS)
    assert told.locator("b, img").count() == 0
    opened.get_by_text("Show who the patient is").click()
    told.wait_for(timeout=SECONDS, state="detached")
    assert "Muster" not in opened.content()


def test_reports_are_made_at_the_click(opened):
    for label, start in (("PDF", b"%PDF"), ("DICOM (zip)", b"PK")):
        with opened.expect_download(timeout=SECONDS) as made:
            opened.get_by_role("button", name=label).click()
        assert re.match(r"P-\w{4}-\w{4}-series-3", made.value.suggested_filename)
        assert Path(made.value.path()).read_bytes().startswith(start)
