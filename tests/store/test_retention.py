"""Deletion by age, by case and of a user's name."""

import logging
import os
from datetime import timedelta

import numpy as np
import pytest

from brain_core import audit
from brain_core.errors import ConfigError, StoreError
from brain_core.scans import Scan
from brain_core.store import engine, feedback, kept, predictions, retention
from brain_core.store.records import now
from brain_core.store.retention import Deleted
from tests.store.sample_rows import failure, key, prediction
from tests.store.sample_rows import feedback as said

OLD, YOUNG = 31, 29  # days


@pytest.fixture(autouse=True)
def keeping(set_environment) -> None:
    set_environment(BRAIN_KEEP_SCANS="yes")


def ago(days: float):
    return now() - timedelta(days=days)


def store(name: str, *days: float, **values) -> None:
    """A kept scan, predicted so many days ago."""
    predictions.add([prediction(name, at=ago(each), **values) for each in days])
    kept.keep(key(name), Scan(np.zeros((40, 40), np.uint8), name, "PNG", "0" * 64))


def cases() -> set[str]:
    return {row.case for row in predictions.read(samples=True)}


def test_what_is_older_goes_with_all_that_belongs_to_it(database):
    store("old", OLD)
    store("young", YOUNG)
    store("again", OLD, YOUNG)
    predictions.add([], [failure(at=ago(OLD)), failure(at=ago(YOUNG))], audit.Event(audit.actions.PREDICTION, "a"))
    for name, days in (("old", YOUNG), ("young", YOUNG), ("again", OLD), ("orphan", OLD), ("new orphan", YOUNG)):
        feedback.add(said(name, at=ago(days)), awaited=True)
    expected = Deleted(predictions=2, failures=1, feedback=2, kept=1)
    assert retention.due(30) == expected
    assert retention.apply(30, user="admin") == expected
    assert cases() == {key("young"), key("again")}
    assert {row.case for row in feedback.every()} == {key("young"), key("again"), key("new orphan")}
    assert kept.keys() == {key("young"), key("again")}
    assert len(predictions.failures()) == 1
    deleted, first = audit.entries()
    assert (first.action, deleted.action, deleted.user) == ("prediction", "delete", "admin")
    assert deleted.details["predictions"] == 2 and deleted.details["what"] == "older"
    assert audit.verify().ok
    assert retention.apply(30) == Deleted()
    assert len(audit.entries()) == 2  # nothing deleted, nothing to record


def test_nothing_is_deleted_by_default(sqlite):
    store("old", 10_000)
    assert retention.apply() == retention.due() == Deleted()
    assert cases() == {key("old")}


def test_the_setting_says_how_long(sqlite, set_environment):
    store("old", OLD)
    store("young", YOUNG)
    set_environment(BRAIN_RETENTION_DAYS=30)
    assert retention.apply().predictions == 1
    assert cases() == {key("young")}


@pytest.mark.parametrize("days", [0, -1])
def test_days_are_positive(sqlite, days):
    with pytest.raises(ConfigError, match=f"Days: expected a positive whole number. Received: {days}"):
        retention.apply(days)


def test_predicting_deletes_what_is_old_once_a_day(sqlite, set_environment, settings):
    set_environment(BRAIN_RETENTION_DAYS=30)
    store("first", OLD)
    assert cases() == set()
    store("second", OLD)
    assert cases() == {key("second")}  # not again today
    yesterday = now().timestamp() - 25 * 3600
    os.utime(settings.home / retention.STAMP, (yesterday, yesterday))
    store("third", YOUNG)
    assert cases() == {key("third")}


def test_a_prediction_is_recorded_even_where_deleting_fails(sqlite, set_environment, monkeypatch, caplog):
    def fail():
        raise StoreError("The disk is full.")

    set_environment(BRAIN_RETENTION_DAYS=30)
    monkeypatch.setattr(retention, "apply", fail)
    with caplog.at_level(logging.WARNING):
        predictions.add([prediction("a", at=ago(0))])
    assert len(predictions.read()) == 1
    assert caplog.messages == ["Old predictions were not deleted. The disk is full."]


def test_files_without_a_prediction_go_when_they_are_old(sqlite, settings):
    store("young", 1)
    folder = kept.folder()
    for name, days in ((f"{key('old')}.png", OLD), (f"{key('new')}.png", 1), (f".{key('half')}-x.png", 2)):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (ago(days).timestamp(),) * 2)
    retention.apply(30)
    assert set(os.listdir(folder)) == {f"{key('new')}.png", f"{key('young')}.png"}


def test_a_case_goes_with_its_slices_feedback_and_scans(database):
    series = key("series")
    store("one", 1, case=series)
    store("shared", 1, case=series)
    store("shared", 1)
    store("other", 1)
    feedback.add(said("series"))
    feedback.add(said("other"))
    removed = retention.delete_case(series, user="admin")
    assert removed == Deleted(predictions=2, feedback=1, kept=1)
    assert cases() == {key("shared"), key("other")}
    assert kept.keys() == {key("shared"), key("other")}
    assert [row.case for row in feedback.every()] == [key("other")]
    (entry,) = audit.entries()
    assert entry.details == {"what": "case", "case": series, "predictions": 2, "failures": 0, "feedback": 1, "kept": 1}


def test_a_kept_scan_goes_with_its_own_case_though_it_is_a_series_slice_too(database):
    store("both", 1)
    store("both", 1, case=key("series"))
    assert retention.delete_case(key("both")) == Deleted(predictions=1, kept=1)
    assert cases() == {key("series")} and kept.keys() == frozenset()


def test_a_kept_scan_grows_old_with_its_own_case_though_a_series_is_young(database):
    store("both", OLD)
    store("young", YOUNG)
    for name in ("both", "young"):
        store(name, OLD, YOUNG, case=key("series"))
    assert retention.due(30).kept == retention.apply(30).kept == 1
    assert kept.keys() == {key("young")}


def test_an_unknown_case_is_nothing(sqlite):
    assert retention.delete_case(key("nothing")).nothing
    assert audit.entries() == []
    with pytest.raises(ConfigError, match="Case: expected its key of 64"):
        retention.delete_case("scan.png")


def test_a_users_name_goes_everywhere_but_in_the_audit_log(database):
    event = audit.Event(audit.actions.PREDICTION, "gone@example.org")
    predictions.add([prediction(user="gone@example.org")], [failure(user="gone@example.org")], event)
    feedback.add(said(user="gone@example.org", text="mine"))
    feedback.add(said(user="stays@example.org"))
    assert retention.delete_user("gone@example.org", user="admin") == 3
    (row,), (missed,) = predictions.read(), predictions.failures()
    names = {row.user, missed.user, *(each.user for each in feedback.every())} - {"stays@example.org"}
    (name,) = names  # one reader as before
    assert name.startswith("deleted user ")
    assert {each.text for each in feedback.every()} == {"mine", ""}
    deleted, first = audit.entries()
    assert first.user == "gone@example.org"
    assert deleted.details == {"what": "user", "rows": 3} and deleted.user == "admin"
    assert audit.verify().ok
    assert retention.delete_user("gone@example.org") == 0


def test_two_deleted_users_stay_two_readers(sqlite):
    for name in ("a", "b"):
        feedback.add(said(user=name), awaited=True)
        retention.delete_user(name)
    assert len({row.user for row in feedback.every()}) == 2


def test_the_permit_to_erase_is_gone_afterwards(database):
    store("old", OLD)
    retention.apply(30)
    retention.delete_user("reader@example.org")
    with engine.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM erasing").scalar() == 0


def test_a_deletion_that_fails_changes_no_row(database, monkeypatch):
    store("old", OLD)
    feedback.add(said("old"))

    def fail(*_):
        raise StoreError("No audit log.")

    monkeypatch.setattr(audit, "record_in", fail)
    with pytest.raises(StoreError, match="No audit log"):
        retention.apply(30)
    assert len(predictions.read()) == len(feedback.every()) == 1
