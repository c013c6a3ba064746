"""What is shown of readers' findings, and how one is saved: once, and never over another."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from brain_core import audit
from brain_core.access import Role, User
from brain_core.errors import StoreError
from brain_core.store import feedback, predictions, retention
from brain_core.store.records import BASES, FINDINGS
from brain_core.store.verdict import verdict
from brain_core.ui.access import visitor
from brain_core.ui.feedback import form, said, words
from tests.pages.steps import assert_no_failure, html
from tests.pages.steps import words as shown
from tests.store import sample_rows
from tests.store.databases import close
from tests.store.sample_rows import at, key

CASE = key("scan")


@pytest.fixture(autouse=True)
def store():
    predictions.add([sample_rows.prediction()])
    yield
    close()


@pytest.fixture
def page() -> AppTest:
    """The panel of one case by itself."""

    def script(case):
        from brain_core.ui import feedback

        feedback.show(case)

    return again(AppTest.from_function(script, args=(CASE,), default_timeout=60))


def again(page: AppTest) -> AppTest:
    page.run()
    assert_no_failure(page)
    return page


def say(page: AppTest, finding: str | None, basis: str | None, text: str = "") -> AppTest:
    for part, value in (("finding", finding), ("basis", basis)):
        if value:
            next(radio for radio in page.radio if radio.key.endswith(part)).set_value(value)
    page.text_area[0].set_value(text)
    page.button[0].click()
    return again(page)


def listed(page: AppTest) -> list[str]:
    return [re.sub(r"<[^>]+>", "", item) for item in re.findall(r"<li.*?</li>", html(page), re.DOTALL)]


def test_the_words_are_those_of_the_store():
    assert tuple(words.FINDINGS) == tuple(words.SAID) == FINDINGS
    assert tuple(words.BASIS_WORDS) == BASES and form.LONGEST == feedback.LONGEST


def test_both_have_to_be_chosen(page):
    assert "Nobody has said anything of this case yet." in shown(page)
    say(page, None, None, "text")
    assert "Choose a finding and what it rests on first." in shown(page)
    say(page, "tumor", None)
    assert "Choose what it rests on first." in shown(page) and feedback.every() == []
    assert page.text_area[0].proto.max_chars == 2000


def test_saying_something_else_adds(page):
    say(page, "unsure", "own read")
    say(page, "tumor", "biopsy", "Grade\n2")
    first, second = feedback.of_case(CASE)
    assert (first.finding, first.basis, first.text) == ("unsure", "own read", "")
    assert (second.finding, second.basis, second.text) == ("tumor", "biopsy", "Grade 2")
    assert "Confirmed: tumour, on biopsy (1 reader)." in shown(page)
    newest, oldest = listed(page)
    assert "Tumour · biopsy" in newest and "replaced since" not in newest and "local" in newest
    assert "Unsure · own read replaced since" in oldest
    details = [entry.details for entry in audit.entries(action="feedback")]
    assert {"case": CASE, "basis": "biopsy"} in details and len(details) == 2


def test_the_very_same_is_not_added_again(page):
    for _ in range(2):
        say(page, "tumor", "biopsy", "Grade 2")
    assert "You have said the very same of this case already." in shown(page)
    assert len(feedback.every()) == 1 == len(audit.entries(action="feedback"))


def test_what_others_said_is_shown_with_who_when_and_basis():
    rows = [
        sample_rows.feedback(user="<i>ann</i>", at=at(0), text="<b>bold</b>"),
        sample_rows.feedback(user="bob", at=at(1), finding="no tumor", basis="biopsy"),
    ]
    for row in rows:
        feedback.add(row)

    def script(case):
        from brain_core.ui import feedback

        feedback.show(case)

    page = again(AppTest.from_function(script, args=(CASE,), default_timeout=60))
    assert "<i>" not in html(page) and "<b>" not in html(page) and "&lt;b&gt;bold&lt;/b&gt;" in html(page)
    assert "Readers disagree. Tumour: &lt;i&gt;ann&lt;/i&gt; (biopsy). No tumour: bob (biopsy)." in shown(page)
    bob, ann = listed(page)
    assert words.when(at(1)) in bob and "No tumour · biopsy" in bob and "bob" in bob
    assert words.when(at(0)) in ann and "replaced" not in ann


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "No finding yet."),
        ([("a", "unsure", "own read")], "Unsure (1 reader)."),
        ([("a", "tumor", "own read")], "Not confirmed: tumour, on own read alone (1 reader)."),
        (
            [("a", "no tumor", "follow-up"), ("b", "unsure", "own read")],
            "Confirmed: no tumour, on follow-up (2 readers).",
        ),
        ([("a", "tumor", "own read"), ("b", "no tumor", "own read")], "Readers disagree."),
    ],
)
def test_the_verdict_in_a_sentence(rows, expected):
    made = [sample_rows.feedback(user=user, finding=finding, basis=basis) for user, finding, basis in rows]
    assert said.sentence(verdict(made)) == expected


def test_a_row_that_may_have_been_written_is_sent_again_with_its_id(page, monkeypatch):
    add = feedback.add

    def written_but_not_told(row, event=None, **values):
        add(row, event, **values)
        raise StoreError("The connection <b>broke</b>.")

    monkeypatch.setattr(feedback, "add", written_but_not_told)
    monkeypatch.setattr(feedback, "of_case", lambda case: [])  # as it was before
    say(page, "tumor", "biopsy", "x")
    assert "Nothing is known to be recorded. The connection" in shown(page) and "<b>" not in html(page)
    assert next(r for r in page.radio if r.key.endswith("finding")).value == "tumor"
    monkeypatch.setattr(feedback, "add", add)
    say(page, "tumor", "biopsy", "x")
    assert len(feedback.every()) == 1 == len(audit.entries(action="feedback"))
    assert "broke" not in shown(page)


def test_nothing_is_recorded_of_a_case_that_was_deleted_meanwhile(page):
    retention.delete_case(CASE)
    say(page, "tumor", "biopsy", "x")
    assert "This case was deleted meanwhile: nothing was recorded." in shown(page)
    assert "send it again" not in shown(page)
    assert feedback.every() == [] == audit.entries(action="feedback")


def test_the_right_is_asked_for_when_it_is_saved(page, monkeypatch):
    analyst = User("eve", frozenset({Role.ANALYST}))
    monkeypatch.setattr("brain_core.ui.access.may", lambda action: True)  # as the page was when it was drawn
    monkeypatch.setattr(visitor, "look", lambda: visitor.Visitor(analyst, name="eve"))
    say(page, "tumor", "biopsy")
    assert "eve may not confirm or correct results" in shown(page) and feedback.every() == []
    assert [entry.user for entry in audit.entries(action="refused")] == ["eve"]


def test_who_may_not_give_feedback_sees_none_of_it(page, monkeypatch):
    feedback.add(sample_rows.feedback(text="seen"))
    analyst = User("eve", frozenset({Role.ANALYST}))
    monkeypatch.setattr(visitor, "look", lambda: visitor.Visitor(analyst, name="eve"))
    again(page)
    assert not page.radio and "seen" not in shown(page)


def test_a_store_that_is_out_is_not_asked_at_every_click(page, monkeypatch):
    asked = []

    def out(case):
        asked.append(case)
        raise StoreError("Out <b>of order</b>.")

    monkeypatch.setattr(feedback, "of_case", out)
    for _ in range(2):
        again(page)
        assert "What readers said cannot be read now. Out &lt;b&gt;of order" in shown(page) and not page.radio
    assert len(asked) == 1
    page.button[0].click()
    again(page)
    assert len(asked) == 2
    monkeypatch.undo()
    page.button[0].click()
    assert again(page).radio


def test_the_same_text_of_another_reader_is_a_finding_of_its_own(page):
    feedback.add(sample_rows.feedback(user="ann"))
    say(again(page), "tumor", "biopsy")
    assert [row.user for row in feedback.of_case(CASE)] == ["ann", "local"]
