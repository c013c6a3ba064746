"""Predictions and failures come back as they were written, once."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from brain_core import audit
from brain_core.audit import Event
from brain_core.errors import ConfigError, StoreError
from brain_core.store import predictions
from brain_core.store.records import Kind, Source
from tests.store.databases import execute
from tests.store.sample_rows import START, at, failure, key, prediction

pytestmark = pytest.mark.usefixtures("database")
EVENT = Event(audit.actions.PREDICTION, "reader@example.org", {"rows": 2})


def test_rows_come_back_as_they_were_written():
    summary = prediction(
        kind=Kind.SERIES, case=key("series"), probability=None, label=None, flags=(), unlikeness=None, inputs=None
    )
    full = prediction("other", at=at(1), opinion="unsure", opinion_blind=True, source=Source.WATCH)
    missed = failure()
    predictions.add([full, summary], [missed])
    assert predictions.read() == [summary, full]
    assert predictions.failures() == [missed]


def test_times_keep_their_microseconds_and_come_back_in_utc():
    there = datetime(2026, 3, 29, 2, 30, 0, 123457, timezone(timedelta(hours=-5)))
    predictions.add([prediction(at=there)])
    (found,) = predictions.read()
    assert found.at == there
    assert found.at.utcoffset() == timedelta(0)


def test_the_same_rows_twice_change_nothing_and_are_one_event():
    row, missed = prediction(), failure()
    predictions.add([row], [missed], EVENT)
    predictions.add([replace(row, probability=0.1)], [replace(missed, kind="Other")], EVENT)
    assert predictions.read() == [row]
    assert predictions.failures() == [missed]
    assert [entry.action for entry in audit.entries()] == ["prediction"]


def test_of_old_and_new_rows_the_new_ones_are_written_with_their_event():
    first, second = prediction(), prediction(at=at(1))
    predictions.add([first], event=EVENT)
    predictions.add([first, second], event=EVENT)
    assert predictions.read() == [first, second]
    assert len(audit.entries()) == 2


def test_more_rows_than_fit_into_one_statement():
    rows = [prediction(number, id=f"{number:05}", at=at(number)) for number in range(2500)]
    predictions.add(list(reversed(rows)))
    assert predictions.read() == rows
    predictions.set_opinion([row.id for row in rows], "tumor", False)
    assert {row.opinion for row in predictions.read()} == {"tumor"}


def test_an_event_that_cannot_be_written_takes_the_rows_with_it():
    with pytest.raises(ValueError, match="Expected an action"):
        predictions.add([prediction()], event=Event("lunch", "reader@example.org"))
    with pytest.raises(ValueError, match="Expected texts and numbers"):
        predictions.add([prediction()], [failure()], Event(audit.actions.PREDICTION, "a", {"scan": None}))
    with pytest.raises(ValueError, match="not JSON compliant"):
        predictions.add([prediction()], event=Event(audit.actions.PREDICTION, "a", {"p": float("nan")}))
    assert predictions.read() == [] and predictions.failures() == []


def test_a_row_that_cannot_be_written_takes_the_others_with_it():
    with pytest.raises(StoreError):
        predictions.add([prediction(), prediction(model=None)], event=EVENT)
    assert predictions.read() == []
    assert audit.entries() == []


def test_reading_by_time_model_and_source():
    first, second = prediction(at=at(0)), prediction(at=at(1), model="resnet50")
    third, sample = prediction(at=at(2)), prediction(at=at(3), source=Source.SAMPLE)
    predictions.add([first, second, third, sample])
    assert predictions.read() == [first, second, third]
    assert predictions.read(since=at(1)) == [second, third]
    assert predictions.read(until=at(1)) == [first]
    assert predictions.read(since=at(1), until=at(2), models=["custom_cnn"]) == []
    assert predictions.read(models=["resnet50"]) == [second]
    assert predictions.read(models=[]) == []
    assert predictions.read(samples=True) == [first, second, third, sample]


def test_failures_by_time_and_source():
    first, second, sample = failure(), failure(at=at(1)), failure(at=at(2), source=Source.SAMPLE)
    predictions.add([], [first, second, sample])
    assert predictions.failures() == [first, second]
    assert predictions.failures(since=at(1), samples=True) == [second, sample]
    assert predictions.failures(until=at(1)) == [first]


def test_an_opinion_is_the_first_one():
    one, two = prediction(), prediction("two", at=at(1), opinion="no tumor", opinion_blind=True)
    predictions.add([one, two])
    predictions.set_opinion([one.id, two.id, "unknown"], "tumor", False, Event(audit.actions.OPINION, "a"))
    predictions.set_opinion([one.id], "unsure", True, Event(audit.actions.OPINION, "a"))
    assert predictions.read() == [replace(one, opinion="tumor", opinion_blind=False), two]
    assert [entry.action for entry in audit.entries()] == ["opinion"]  # the second changed nothing


def test_an_unknown_opinion_is_refused():
    with pytest.raises(ConfigError, match="Opinion: expected one of tumor, no tumor, unsure. Received: 'maybe'"):
        predictions.set_opinion([], "maybe", True)


def test_names_that_no_database_takes_are_mended():
    predictions.add([prediction(user="a\0b\ud800" + "c" * 400)], event=Event(audit.actions.PREDICTION, "a\0\udfff"))
    assert predictions.read()[0].user == "ab?" + "c" * 297
    assert audit.entries()[0].user == "a?"


def test_a_row_from_elsewhere_without_statistics_can_be_read():
    predictions.add([prediction(at=START)])
    execute("UPDATE predictions SET width = NULL, height = NULL, mean = NULL, deviation = NULL")
    assert predictions.read()[0].inputs is None
