"""The review list: order, filters, what is shown of a case, feedback from it, and the ways it can be empty or fail."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from brain_core import audit
from brain_core.errors import StoreError
from brain_core.inference import FLAG_DESCRIPTIONS
from brain_core.scans import Scan
from brain_core.store import feedback, kept, predictions, retention, review
from brain_core.store.records import Kind, Source
from brain_core.ui import feedback as panel_of_page
from brain_core.ui import recording
from brain_core.ui.feedback import panel
from brain_core.ui.review import choice, waiting
from tests.pages.steps import PROJECT, assert_no_failure, html, words
from tests.store import sample_rows
from tests.store.databases import close
from tests.store.sample_rows import at, key

MODELS = ("custom_cnn", "resnet50")


@pytest.fixture(autouse=True)
def store():
    yield
    close()


def visit(**parameters: str) -> AppTest:
    page = AppTest.from_file(PROJECT / "pages" / "6_Review.py", default_timeout=60)
    for name, value in parameters.items():
        page.query_params[name] = value
    return again(page)


def again(page: AppTest) -> AppTest:
    page.run()
    assert_no_failure(page)
    assert not page.warning and not page.error
    return page


def case(name: str, *probabilities: float, minute: float = 0, **values) -> None:
    """Scored by one or two models, whose thresholds are 0.5."""
    rows = []
    for model, p in zip(MODELS, probabilities, strict=False):
        said = {"model": model, "probability": p, "label": "tumor" if p >= 0.5 else "no tumor", "flags": ()}
        rows.append(sample_rows.prediction(name, at=at(minute), **said | values))
    predictions.add(rows)


def keep(name: str) -> None:
    scan = Scan(np.arange(64 * 48, dtype=np.uint8).reshape(64, 48), name="x", source="PNG", sha256=key(name))
    kept.keep(key(name), scan)


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


def confirm(name: str, finding: str = "tumor", **values) -> None:
    feedback.add(sample_rows.feedback(name, finding=finding, **values))


def three() -> None:
    """Uncertainty 0.2, 0.95 and 0.6; disagreement 0.0, 0.05 and 0.8; the first is the newest."""
    case("sure", 0.9, 0.9, minute=4)
    case("edge", 0.5, 0.55, minute=2)
    case("split", 0.9, 0.1, minute=3, source=Source.ARCHIVE)


def listed(page: AppTest) -> list[str]:
    """The names of the cases of the table, in its order."""
    names = {key(name)[:8]: name for name in ("sure", "edge", "split", "series")}
    return [names[each] for each in page.dataframe[0].value["Case"]] if page.dataframe else []


def opened(page: AppTest) -> str:
    return re.search(r"(?:Slice|Series) ([0-9a-f]{8})", words(page))[1]


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return again(page)


def answer(page: AppTest, finding: str | None, basis: str | None, text: str = "") -> AppTest:
    """Fill in the form and send it."""
    for part, value in (("finding", finding), ("basis", basis)):
        if value:
            next(radio for radio in page.radio if radio.key.endswith(part)).set_value(value)
    page.text_area[0].set_value(text)
    return press(page, "Record this finding")


def test_an_empty_store_says_how_cases_come_here():
    page = visit()
    assert "No case yet. A case comes here by itself" in words(page) and not page.dataframe and not page.metric
    case("sample", 0.5, source=Source.SAMPLE)
    assert "No case yet." in words(visit())


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("uncertainty", ["edge", "split", "sure"]),
        ("disagreement", ["split", "edge", "sure"]),
        ("newest", ["sure", "split", "edge"]),
    ],
)
def test_the_address_chooses_the_order(order, expected):
    three()
    assert listed(visit(order=order)) == expected


def test_the_first_case_of_the_order_is_open_and_the_address_names_it():
    three()
    page = visit()
    assert listed(page) == ["edge", "split", "sure"]
    assert opened(page) == key("edge")[:8] and page.query_params["case"] == key("edge")[:16]
    page.segmented_control(key="review_order").set_value("newest")
    again(page)
    assert listed(page) == ["sure", "split", "edge"] and page.query_params["order"] == "newest"
    assert opened(page) == key("edge")[:8]


def test_the_choices_are_those_of_the_store():
    assert tuple(choice.ORDERS) == review.ORDERS
    assert set(choice.SOURCE_WORDS) == set(Source)


def test_next_and_previous_go_through_the_list():
    three()
    page = visit(order="newest")
    steps = [opened(page)]
    for _ in range(2):
        steps.append(opened(press(page, "Next case")))
    assert steps == [key(name)[:8] for name in ("sure", "split", "edge")]
    assert page.button(key="review_step_1").disabled and not page.button(key="review_step_-1").disabled
    assert opened(press(page, "Previous case")) == key("split")[:8]
    assert "2 of 3" in words(page)


def test_a_case_in_the_address_is_opened_and_one_that_is_not_there_is_told():
    three()
    page = visit(case=key("sure")[:16])
    assert opened(page) == key("sure")[:8] and "not in this list" not in words(page)
    page = visit(case="f" * 16)
    assert opened(page) == key("edge")[:8] and "The case in the address is not in this list" in words(page)
    assert "<b>" not in html(visit(case="<b>", order="<b>", **{"from": "<b>"}))


def test_one_source_alone_can_be_listed():
    three()
    page = visit(**{"from": "archive"})
    assert listed(page) == ["split"]
    page.selectbox(key="review_source").set_value("command line")
    again(page)
    assert "No case of this source is in the list." in words(page) and page.query_params["from"] == "command line"


def test_confirmed_cases_are_left_out_unless_asked_for():
    three()
    confirm("edge", basis="follow-up")
    confirm("sure", basis="own read")
    page = visit()
    assert listed(page) == ["split", "sure"]
    page.toggle(key="review_unconfirmed").set_value(False)
    again(page)
    assert listed(page) == ["edge", "split", "sure"] and page.query_params["cases"] == "every"
    readers = dict(zip(listed(page), page.dataframe[0].value["Readers"], strict=True))
    assert readers == {"edge": "tumour, confirmed", "split": "", "sure": "tumour"}
    for name in ("split", "sure"):
        confirm(name, at=at(5))
    assert "Every case is confirmed." in words(visit())


def test_a_finding_is_added_with_its_entry_in_the_audit_log():
    three()
    page = answer(visit(), "no tumor", "own read", "  Seen\n again <b>x</b> ")
    (row,) = feedback.every()
    assert (row.user, row.case, row.finding, row.basis) == ("local", key("edge"), "no tumor", "own read")
    assert row.text == "Seen again <b>x</b>"
    assert "<b>x" not in html(page) and "&lt;b&gt;x&lt;/b&gt;" in html(page)
    (entry,) = audit.entries(action="feedback")
    assert entry.user == "local"
    assert entry.details == {"case": key("edge"), "basis": "own read"}
    assert opened(page) == key("edge")[:8] and "Not confirmed: no tumour, on own read alone (1 reader)." in words(page)


def test_a_confirmed_case_leaves_the_list_and_the_next_one_opens():
    three()
    page = visit()
    press(page, "Next case")
    assert opened(page) == key("split")[:8]
    answer(page, "tumor", "biopsy")
    assert listed(page) == ["edge", "sure"] and opened(page) == key("sure")[:8]
    assert "The case before has left the list." in captions(page)
    assert next(r for r in page.radio if r.key.endswith("finding")).value is None
    again(page)
    assert "has left the list" not in captions(page)


def test_a_finding_is_recorded_though_another_reader_confirmed_the_case_meanwhile(monkeypatch):
    """Both stand: the readers disagree, and the case is back in the list."""
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    three()
    page = visit()
    confirm("edge", "tumor", user="other")
    answer(page, "no tumor", "biopsy")
    assert [(row.user, row.finding) for row in feedback.of_case(key("edge"))] == [
        ("other", "tumor"),
        ("local", "no tumor"),
    ]
    assert opened(page) == key("edge")[:8] and "Readers disagree." in words(page)
    assert "edge" in listed(page) and "left the list" not in words(page) + captions(page)


def test_a_finding_that_settles_nothing_is_recorded_too_and_the_case_has_left(monkeypatch):
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    case("edge", 0.5)
    page = visit()
    confirm("edge", "tumor", user="other")
    answer(page, "no tumor", "own read")
    assert [row.finding for row in feedback.of_case(key("edge"))] == ["tumor", "no tumor"]
    assert "Recorded. The case before has left the list." in captions(page)
    assert "Every case is confirmed." in words(page)


@pytest.mark.parametrize("other", ["a filter", "the next case"])
def test_a_finding_that_is_sent_at_once_with_another_click_is_recorded(other):
    """Two clicks before the page has run: one run hears both."""
    three()
    page = visit()
    assert opened(page) == key("edge")[:8]
    if other == "a filter":
        page.selectbox(key="review_source").set_value("archive")
    else:
        next(button for button in page.button if button.label == "Next case").click()
    answer(page, "tumor", "own read")
    assert [row.finding for row in feedback.of_case(key("edge"))] == ["tumor"]
    assert opened(page) == (key("split") if other == "a filter" else key("edge"))[:8]
    assert "Recorded." in captions(page)
    press(again(page), "Record this finding")
    assert "Choose a finding and what it rests on first." in words(page)
    assert opened(page) == (key("split") if other == "a filter" else key("edge"))[:8]


def test_a_finding_is_recorded_though_another_click_ended_the_run_that_heard_of_it(monkeypatch):
    """The second run hears of the second click alone."""
    three()
    page = visit()
    shown, heard = panel.show, []

    def ended(case):
        heard.append(case)
        st.rerun()

    monkeypatch.setattr(panel, "show", lambda case: shown(case) if heard else ended(case))
    monkeypatch.setattr(panel_of_page, "show", lambda case: panel.show(case))
    answer(page, "tumor", "own read")
    assert heard == [key("edge")]
    assert [row.finding for row in feedback.of_case(key("edge"))] == ["tumor"] and "Recorded." in captions(page)


def test_an_opened_case_that_leaves_the_list_stays_until_the_reader_goes_on(monkeypatch):
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    three()
    page = visit()
    press(page, "Next case")
    confirm("split", user="other")
    for _ in range(2):
        again(page)
        assert opened(page) == key("split")[:8] and listed(page) == ["edge", "split", "sure"]
        assert "confirmed by another reader meanwhile" in words(page)
        assert list(page.dataframe[0].value["Readers"]) == ["", "tumour, confirmed", ""]
    press(page, "Record this finding")
    assert "Choose a finding and what it rests on first." in words(page) and opened(page) == key("split")[:8]
    press(page, "Next case")
    assert opened(page) == key("sure")[:8] and listed(page) == ["edge", "sure"]
    assert "meanwhile" not in words(page)


def test_an_opened_case_beyond_the_limit_of_the_list_stays_and_one_filtered_out_does_not(monkeypatch):
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    monkeypatch.setattr(waiting, "LISTED", 1)
    three()
    page = visit(order="newest")
    case("series", 0.6, kind=Kind.SERIES, minute=9)
    again(page)
    assert opened(page) == key("sure")[:8] and "This case has left the list meanwhile." in words(page)
    page.selectbox(key="review_source").set_value("archive")
    again(page)
    assert listed(page) == ["split"] and "meanwhile" not in words(page)


def test_an_opened_case_that_was_deleted_is_gone_and_nothing_is_recorded(monkeypatch):
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    three()
    page = visit()
    retention.delete_case(key("edge"))
    answer(page, "tumor", "biopsy")
    assert not feedback.every() and opened(page) == key("split")[:8]
    assert "has been deleted meanwhile. A finding that was sent just now is not recorded." in words(page)
    again(page)
    assert "meanwhile" not in words(page)


def test_counts_of_confirmed_scans_and_disagreements(set_environment):
    set_environment(BRAIN_KEEP_SCANS="yes")
    three()
    case("series", 0.6, kind=Kind.SERIES)
    keep("edge")
    confirm("edge")
    confirm("sure", "no tumor")
    confirm("split", "tumor", basis="own read")
    confirm("split", "no tumor", basis="second reader", user="other")
    page = visit()
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures == {
        "Confirmed tumour": "1", "Confirmed no tumour": "0", "Readers disagree": "1", "Confirmed, not kept": "1",
    }  # fmt: skip


def test_probabilities_stand_with_thresholds_and_flags_in_words():
    case("edge", 0.25, 0.75, flags=("tiny",))
    said = words(visit())
    assert "threshold 0.500" in said.lower() and "0.250" in said and "0.750" in said
    assert FLAG_DESCRIPTIONS["tiny"] in said and "The models disagree" in said and "version 2026-01" in said


def test_the_whole_key_can_be_copied():
    case("edge", 0.25, 0.75)
    assert [code.value for code in visit().code] == [key("edge")]


def test_what_is_unlike_the_training_data_has_no_label():
    case("edge", 0.75, flags=("unlike-training-data",))
    said = words(visit())
    assert "Not classified What it gives all the same: probability 0.750, threshold 0.500." in said


def test_a_series_in_which_nothing_could_be_assessed():
    case("series", 0.5, kind=Kind.SERIES, probability=None, label=None)
    page = visit()
    assert listed(page) == ["series"] and "Nothing in it could be assessed." in words(page)
    assert "A series: its pixels were not kept." in words(page)


def test_the_scan_is_shown_where_it_was_kept(set_environment):
    set_environment(BRAIN_KEEP_SCANS="yes")
    case("edge", 0.5, 0.5)
    page = visit()
    assert "The pixels were not kept." in words(page) and not page.image
    keep("edge")
    page = visit()
    assert "pixels were not kept" not in words(page) and page.image
    kept.path(key("edge")).write_bytes(b"damaged")
    assert "The kept scan cannot be read." in words(visit())


def test_the_limit_is_told_when_it_is_reached(monkeypatch):
    monkeypatch.setattr(waiting, "LISTED", 2)
    monkeypatch.setattr(waiting, "LOOKED_THROUGH", 2)
    three()
    page = visit()
    assert listed(page) == ["edge", "split"]
    assert "These are the first 2 cases in this order" in captions(page)
    page = visit(**{"from": "archive"})
    assert listed(page) == ["split"]
    assert "Only the first 2 cases in this order were looked through" in captions(page)
    confirm("sure")
    assert "first" not in captions(visit())


def test_the_store_is_not_asked_at_every_click(monkeypatch):
    three()
    asked, queue = [], review.queue

    def counted(*arguments, **options):
        asked.append(arguments)
        return queue(*arguments, **options)

    monkeypatch.setattr(review, "queue", counted)
    page = visit()
    press(page, "Next case")
    assert len(asked) == 1
    answer(page, "unsure", "own read")
    assert len(asked) == 2 and "unsure" in list(page.dataframe[0].value["Readers"])
    page.segmented_control(key="review_order").set_value("newest")
    again(page)
    assert len(asked) == 3
    monkeypatch.setattr(waiting, "FRESH", 0.0)
    page.toggle(key="review_unconfirmed").set_value(False)
    again(again(page))
    assert len(asked) == 5


def test_a_store_that_is_out_is_told(monkeypatch):
    monkeypatch.setattr(review, "queue", lambda *_, **__: (_ for _ in ()).throw(StoreError("Out <b>.")))
    page = visit()
    assert "The review list cannot be read." in words(page) and "Out &lt;b&gt;." in html(page)
    assert [button.label for button in page.button] == ["Try again"]


def test_what_was_seen_here_is_not_read_blind_on_detect():
    of_slice = recording.case_of("a" * 64)
    predictions.add([replace(sample_rows.prediction(), scan=of_slice, case=of_slice)])
    page = AppTest.from_file(PROJECT / "pages" / "6_Review.py", default_timeout=60)
    again(page)
    assert page.session_state[recording.KEY].shown == {of_slice}
