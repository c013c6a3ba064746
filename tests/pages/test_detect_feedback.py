"""Feedback below an opened scan or series on Detect: offered when, of what, and what it leaves in the store."""

from __future__ import annotations

import hashlib

import pytest
from streamlit.testing.v1 import AppTest

from brain_core import audit
from brain_core.errors import StoreError
from brain_core.store import feedback, keys, predictions, retention
from brain_core.store.records import FeedbackRow, new_id, now
from brain_core.ui import intake, session
from tests.pages.steps import assert_no_failure, open_page, upload, words
from tests.pages.test_detect_study import head, zipped
from tests.store.databases import close

TITLE = "What is known of this case"


@pytest.fixture
def page(in_service) -> AppTest:
    yield open_page()
    close()


def key_of(data: bytes) -> str:
    return keys.scan_key(hashlib.sha256(data).hexdigest())


def offered(page: AppTest) -> bool:
    """Both the heading and the form, or neither."""
    assert_no_failure(page)
    titles = [each.value for each in page.subheader].count(TITLE)
    forms = [button.label for button in page.button].count("Record this finding")
    assert titles == forms <= 1
    return bool(forms)


def say(page: AppTest, finding: str, basis: str) -> AppTest:
    for part, value in (("finding", finding), ("basis", basis)):
        next(r for r in page.radio if r.key.startswith("feedback") and r.key.endswith(part)).set_value(value)
    next(button for button in page.button if button.label == "Record this finding").click()
    page.run()
    assert_no_failure(page)
    return page


def others_finding(case: str) -> None:
    row = FeedbackRow(new_id(), now(), "ann@example.org", case, "no tumor", "biopsy", "As said at the board.")
    feedback.add(row, awaited=True)


def test_a_finding_belongs_to_the_scan_that_was_predicted(page, picture):
    assert not offered(page)
    upload(page, ("one.png", picture(1)))
    assert offered(page)
    say(page, "tumor", "follow-up")
    (row,) = feedback.every()
    assert {row.case} == {key_of(picture(1))} == {each.case for each in predictions.read()}
    assert (row.user, row.finding, row.basis) == ("local", "tumor", "follow-up")
    (entry,) = audit.entries(action="feedback")
    assert entry.details == {"case": row.case, "basis": "follow-up"}
    assert offered(page) and "Confirmed: tumour, on follow-up (1 reader)." in words(page)


def test_a_finding_is_recorded_though_the_prediction_still_waits(page, picture, monkeypatch):
    def out(*_):
        raise StoreError("Out of order.")

    monkeypatch.setattr(predictions, "add", out)
    upload(page, ("one.png", picture(1)))
    assert "Not everything is recorded." in words(page) and predictions.read() == []
    say(page, "tumor", "follow-up")
    assert [row.case for row in feedback.every()] == [key_of(picture(1))]


def test_a_finding_is_not_recorded_once_its_case_was_deleted(page, picture):
    upload(page, ("one.png", picture(1)))
    retention.delete_case(key_of(picture(1)))
    say(page, "tumor", "follow-up")
    assert "This case was deleted meanwhile: nothing was recorded." in words(page) and feedback.every() == []


def test_nothing_of_it_is_seen_before_the_readers_own_read(page, picture):
    others_finding(key_of(picture(1)))
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, ("one.png", picture(1)))
    assert not offered(page)
    assert "ann@example.org" not in words(page) and "As said at the board." not in words(page)
    page.radio[0].set_value("unsure")
    page.button(key="detect_opinion_submit").click().run()
    assert offered(page)
    assert "ann@example.org" in words(page) and "As said at the board." in words(page)


def test_of_many_scans_it_is_that_of_the_open_one(page, picture):
    upload(page, ("one.png", picture(1)), ("two.png", picture(2)), ("broken.png", b"no picture"))
    assert not offered(page)
    (entry,) = [id_ for id_, name in ids(page).items() if name == hashlib.sha256(picture(2)).hexdigest()]
    page.session_state[intake.OPENED] = entry
    page.run()
    assert offered(page)
    say(page, "no tumor", "second reader")
    assert [row.case for row in feedback.every()] == [key_of(picture(2))]


def ids(page: AppTest) -> dict[str, str]:
    """sha256 by the id of an upload."""
    return dict(page.session_state[intake.HASHES])


def test_samples_have_no_diagnosis_to_confirm(page):
    page.button(key=next(b.key for b in page.button if "phantom" in b.key)).click().run()
    assert page.session_state[session.KEY].predictions
    (first, *_) = page.session_state[intake.SAMPLES]
    page.session_state[intake.OPENED] = first
    page.run()
    assert "threshold" in words(page).lower() and not offered(page)


def test_a_file_that_cannot_be_read_has_none(page):
    upload(page, ("broken.png", b"no picture"))
    assert "This file cannot be assessed." in words(page) and not offered(page)


def test_a_series_is_one_case(page):
    upload(page, zipped(*head()))
    assert offered(page)
    say(page, "tumor", "biopsy")
    (row,) = feedback.every()
    assert {row.case} == {each.case for each in predictions.read()}
    assert "Confirmed: tumour, on biopsy (1 reader)." in words(page)


def test_a_series_shows_nothing_of_it_before_the_readers_own_read(page):
    upload(page, zipped(*head()))
    (case,) = {each.case for each in predictions.read()}
    others_finding(case)
    page.session_state[session.KEY].shown.clear()
    page.toggle(key="detect_read_first").set_value(True).run()
    assert not offered(page) and "ann@example.org" not in words(page)
    page.radio[0].set_value("tumor")
    page.button(key="detect_opinion_submit").click().run()
    assert offered(page) and "ann@example.org" in words(page)


def test_a_scan_and_a_series_at_once_are_two_cases(page, picture):
    upload(page, zipped(*head()), ("one.png", picture(1)))
    assert_no_failure(page)
    assert [each.value for each in page.subheader].count(TITLE) == 2
