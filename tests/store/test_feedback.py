"""Feedback is added, never changed."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest

from brain_core import audit
from brain_core.audit import Event
from brain_core.errors import ConfigError, StoreError
from brain_core.store import feedback, predictions, retention
from tests.store.databases import execute
from tests.store.sample_rows import at, key, prediction
from tests.store.sample_rows import feedback as said

EVENT = Event(audit.actions.FEEDBACK, "reader@example.org", {"case": key("scan")})


def test_feedback_comes_back_as_it_was_given_the_oldest_first(database):
    later, earlier = said(at=at(2), text="seen again\n<b>"), said(at=at(1), user="second@example.org")
    other = said("other", at=at(0))
    for row in (later, earlier, other):
        feedback.add(row, awaited=True)
    assert feedback.of_case(key("scan")) == [earlier, later]
    assert feedback.every() == [other, earlier, later]
    assert feedback.every(since=at(1)) == [earlier, later]
    assert feedback.of_case(key("unknown")) == []


def test_the_same_feedback_twice_changes_nothing_and_is_one_event(database):
    row = said()
    predictions.add([prediction()])
    feedback.add(row, EVENT)
    feedback.add(replace(row, finding="no tumor"), EVENT)
    assert feedback.every() == [row]
    assert len(audit.entries()) == 1


def test_nothing_is_said_of_a_case_that_was_deleted_meanwhile(database):
    predictions.add([prediction(), prediction("slice", case=key("series"))])
    retention.delete_case(key("scan"))
    with pytest.raises(StoreError, match="^This case was deleted meanwhile: nothing was recorded.$"):
        feedback.add(said(text="of a deleted patient"), EVENT)
    assert feedback.every() == [] == audit.entries(action="feedback")
    feedback.add(row := said("series"))
    feedback.add(awaited := said(at=at(1)), awaited=True)  # its predictions are still to be written
    assert feedback.every() == [row, awaited]


def test_a_finding_that_comes_while_its_case_is_being_deleted_waits_and_is_refused(database, monkeypatch):
    predictions.add([prediction()])
    remove, late = retention.kept.delete, []

    def said_now(keys) -> int:  # within the transaction that deletes
        late.append(pool.submit(feedback.add, said()))
        wait(late, timeout=0.3)
        assert not late[0].done()
        return remove(keys)

    monkeypatch.setattr(retention.kept, "delete", said_now)
    with ThreadPoolExecutor(1) as pool:
        retention.delete_case(key("scan"))
    with pytest.raises(StoreError, match="This case was deleted meanwhile"):
        late[0].result()
    assert feedback.every() == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"finding": "maybe"}, "Finding: expected one of tumor, no tumor, unsure. Received: 'maybe'"),
        ({"basis": "hearsay"}, "Basis: expected one of biopsy, follow-up, second reader, own read. Received: 'hears"),
        ({"text": "x" * 2001}, "Feedback: expected at most 2000 characters. Received: 2001"),
    ],
)
def test_other_words_are_refused(sqlite, values, message):
    with pytest.raises(ConfigError, match=message):
        feedback.add(said(**values))
    assert feedback.every() == []


def test_texts_that_no_database_takes_are_mended(database):
    feedback.add(said(text="a\0b\ud800" + "é" * 1000), awaited=True)
    assert feedback.every()[0].text == "ab?" + "é" * 1000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE feedback SET finding = 'no tumor'",
        "UPDATE feedback SET text = 'x'",
        """UPDATE feedback SET "user" = 'x'""",
        "UPDATE feedback SET at = at",
        "DELETE FROM feedback",
    ],
)
def test_the_database_refuses_changes(database, statement):
    row = said()
    feedback.add(row, awaited=True)
    with pytest.raises(StoreError, match="append-only"):
        execute(statement)
    assert feedback.every() == [row]


def test_sqlite_refuses_replacing(sqlite):
    row = said()
    feedback.add(row, awaited=True)
    for word in ("INSERT OR REPLACE", "REPLACE"):
        execute(f"{word} INTO feedback SELECT id, at, 'x', \"case\", finding, basis, text FROM feedback")
    with pytest.raises(StoreError, match="append-only"):
        execute("UPDATE OR REPLACE feedback SET id = 'x'")
    assert feedback.every() == [row]


def test_postgresql_refuses_emptying(postgresql):
    feedback.add(said(), awaited=True)
    with pytest.raises(StoreError, match="append-only"):
        execute("TRUNCATE feedback")


def test_what_is_said_cannot_be_changed_even_while_erasing(database):
    feedback.add(said(), awaited=True)
    with pytest.raises(StoreError, match="append-only"):
        execute("INSERT INTO erasing (id) VALUES ('x')", "UPDATE feedback SET finding = 'no tumor'")
    assert feedback.every()[0].finding == "tumor"
