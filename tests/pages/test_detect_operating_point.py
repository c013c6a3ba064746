"""A saved operating point on the Detect page: it counts from the next look on, and nothing is scored again."""

from __future__ import annotations

import json
import re

import pytest

from brain_core import operating_points
from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.ui import downloads, models
from tests.helpers import put_in_service
from tests.pages.steps import assert_no_failure, html, open_page, upload, words
from tests.ui.service import bright_patch_network

HOSTILE = "<img src=x onerror=alert(1)> **bold** :red[x]"


def save(threshold: float, name: str = "custom_cnn", reason: str = "screening") -> None:
    operating_points.save(
        read_card(name), threshold, rule="by hand", fitted_on="nothing", reason=reason, name="A. Reader"
    )


def labels(page) -> list[str]:
    return re.findall(r"(No tumour|Tumour) \d\.\d{3} threshold", words(page))


@pytest.fixture
def never_again(monkeypatch):
    """Call it when the scans are scored: from then on scoring and loading fail the test."""

    def forbid():
        monkeypatch.setattr(Detector, "predict", lambda *_, **__: pytest.fail("scored again"))
        monkeypatch.setattr(models, "_run", lambda *_: pytest.fail("loaded again"))

    return forbid


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_label_threshold_and_source_follow_at_once(in_service, picture, never_again, threshold):
    page = upload(open_page(), ("head.png", picture(1)))
    before = labels(page)
    never_again()
    save(threshold)
    page.run()
    assert_no_failure(page)
    assert labels(page) == ["Tumour" if threshold == 0 else "No tumour", before[1]]
    assert f"Threshold {threshold:.3f}: set by A. Reader on " in words(page)
    assert "screening; by hand, nothing." in words(page)
    assert ("The models disagree" in words(page)) == (labels(page)[0] != before[1])
    operating_points.revert(read_card("custom_cnn"))
    page.run()
    assert labels(page) == before
    assert words(page).count("Threshold 0.400: best balanced accuracy, validation, n = 9.") == 2


def test_worklist_and_downloads_follow(in_service, picture, never_again, monkeypatch):
    page = upload(open_page(), *[(f"head{i}.png", picture(i)) for i in range(4)])
    assert set(page.dataframe[0].value["Custom CNN: label"]) == {"▲ Tumour", "● No tumour"}
    never_again()
    offered = {}
    monkeypatch.setattr(downloads.access, "exported", lambda make, what: offered.update({what: make}) or make)
    save(0.0)
    page.run()
    assert_no_failure(page)
    assert set(page.dataframe[0].value["Custom CNN: label"]) == {"▲ Tumour"}
    config = json.loads(page.dataframe[0].proto.columns)
    assert "threshold 0.000" in config["Custom CNN"]["help"] and "threshold 0.400" in config["ResNet50"]["help"]
    records = [record for record in json.loads(offered["json"]()) if record["model"] == "custom_cnn"]
    assert {(record["threshold"], record["label"]) for record in records} == {(0.0, "tumor")}


def test_my_read_first_still_hides_the_models(in_service, picture, never_again):
    page = open_page()
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, ("head.png", picture(1)))
    never_again()
    save(0.0)
    page.run()
    assert "threshold" not in words(page) and not page.get("download_button")
    page.radio[0].set_value("unsure")
    page.button(key="detect_opinion_submit").click().run()
    assert "recorded before the models were shown" in words(page)
    assert "Threshold 0.000: set by A. Reader" in words(page)


def test_a_new_scan_is_judged_by_the_saved_point_too(in_service, picture):
    page = upload(open_page(), ("head.png", picture(1)))
    save(0.0)
    upload(page, ("other.png", picture(2)))
    assert labels(page)[0] == "Tumour"


def test_another_version_goes_by_its_own_point(in_service, picture):
    save(0.0)
    page = upload(open_page(), ("head.png", picture(1)))
    assert "Threshold 0.000: set by A. Reader" in words(page)
    network = bright_patch_network("custom_cnn", level=0.6, gain=90, offset=3)
    put_in_service(in_service, "custom_cnn", network, version="retrained")
    page = upload(open_page(), ("head.png", picture(1)))
    assert_no_failure(page)
    assert "Custom CNN · version retrained" in words(page)
    assert words(page).count("Threshold 0.400: best balanced accuracy, validation, n = 9.") == 2


def test_what_a_reader_wrote_is_shown_as_text(in_service, picture):
    save(0.2, reason=HOSTILE)
    page = upload(open_page(), ("head.png", picture(1)))
    assert_no_failure(page)
    assert "&lt;img src=x onerror=alert(1)&gt; **bold** :red[x]" in html(page)
    assert "<img" not in html(page)


def test_a_damaged_history_is_told_and_the_models_go_on(in_service, settings, picture):
    page = upload(open_page(), ("head.png", picture(1)))
    save(0.0)
    (settings.home / "operating_points" / "custom_cnn.json").write_text("<b>{")
    page.run()
    assert_no_failure(page)
    assert "operating_points/custom_cnn.json in BRAIN_HOME is damaged" in words(page)
    assert "Custom CNN goes by its own operating point." in words(page)
    assert words(page).count("Threshold 0.400: best balanced accuracy, validation, n = 9.") == 2
