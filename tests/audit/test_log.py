"""The log in both databases: added to, never changed; tampering is found."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from brain_core import audit
from brain_core.audit import Event, actions
from brain_core.audit.chain import START
from brain_core.errors import StoreError
from brain_core.store import engine
from brain_core.store.records import now
from tests.store.databases import execute

USERS = ("ann", "bob", "ann", "cem", "dee")


@pytest.fixture
def five(database) -> str:
    for user in USERS:
        audit.record(Event(actions.SIGN_IN, user, {"role": "reader", "n": 1, "share": 0.5, "first": True}))
    return database


def tamper(kind: str, *statements: str) -> audit.Verification:
    """As somebody who owns the database could."""
    triggers = {
        "sqlite": ["DROP TRIGGER audit_update", "DROP TRIGGER audit_delete", "DROP TRIGGER audit_insert"],
        "postgresql": ["DROP TRIGGER audit_change ON audit", "DROP TRIGGER audit_truncate ON audit"],
    }
    execute(*triggers[kind], *statements)
    return audit.verify()


def test_entries_come_back_the_latest_first(five):
    found = audit.entries()
    assert [entry.number for entry in found] == [5, 4, 3, 2, 1]
    assert [entry.user for entry in found] == list(reversed(USERS))
    assert found[0].details == {"role": "reader", "n": 1, "share": 0.5, "first": True}
    assert abs(found[0].at - now()) < timedelta(seconds=30)
    assert found[0].at.tzinfo == UTC
    assert [entry.previous for entry in found] == [*(entry.hash for entry in found[1:]), START]
    assert found[-1].at <= found[0].at


def test_entries_by_user_action_time_and_number(five):
    audit.record(Event(actions.PROMOTE, "ann"))
    assert [entry.number for entry in audit.entries(user="ann")] == [6, 3, 1]
    assert [entry.number for entry in audit.entries(user="ann", action="sign-in")] == [3, 1]
    assert [entry.number for entry in audit.entries(limit=2)] == [6, 5]
    third = audit.entries()[3]
    assert [entry.number for entry in audit.entries(since=third.at)] == [6, 5, 4, 3]
    assert audit.entries(since=now() + timedelta(hours=1)) == []


def test_the_log_is_whole_and_its_head_is_the_latest(five):
    found = audit.verify()
    assert found == audit.Verification(True, 5, None, None, audit.head())
    assert audit.head() == audit.entries()[0].hash
    assert audit.verify(audit.entries()[3].hash).ok


def test_an_empty_log(database):
    assert audit.head() == START
    assert audit.entries() == []
    assert audit.verify().ok


def test_the_hash_can_be_worked_out_from_what_is_stored(five):
    import hashlib

    with engine.reading() as connection:
        rows = connection.exec_driver_sql('SELECT number, at, "user", action, details, previous, hash FROM audit').all()
    for *values, found in rows:
        text = json.dumps(values, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == found


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE audit SET "user" = 'x' WHERE number = 2""",
        "UPDATE audit SET hash = hash",
        "DELETE FROM audit WHERE number = 5",
        "DELETE FROM audit",
    ],
)
def test_the_database_refuses_changes(five, statement):
    for words in ([statement], ["INSERT INTO erasing (id) VALUES ('x')", statement]):
        with pytest.raises(StoreError, match="append-only"):
            execute(*words)
    assert audit.verify().entries == 5 and audit.verify().ok


def test_sqlite_refuses_replacing_and_gaps(sqlite):
    audit.record(Event(actions.SIGN_IN, "ann"))
    copy = """INTO audit SELECT {}, at, 'x', action, details, previous, hash FROM audit"""
    for word, number in (("INSERT OR REPLACE", 1), ("INSERT", 3), ("INSERT", 0)):
        with pytest.raises(StoreError, match="append-only"):
            execute(f"{word} {copy.format(number)}")
    assert audit.verify().ok


def test_postgresql_refuses_emptying(postgresql):
    with pytest.raises(StoreError, match="append-only"):
        execute("TRUNCATE audit")


def test_a_changed_entry_is_found(five):
    found = tamper(five, """UPDATE audit SET "user" = 'eve' WHERE number = 3""")
    assert (found.ok, found.first_bad, found.entries) == (False, 3, 5)


def test_a_removed_entry_is_found(five):
    found = tamper(five, "DELETE FROM audit WHERE number = 3")
    assert (found.ok, found.first_bad, found.entries) == (False, 4, 4)
    found = tamper_again("UPDATE audit SET number = 3 WHERE number = 4", "UPDATE audit SET number = 4 WHERE number = 5")
    assert (found.ok, found.first_bad) == (False, 3)


def test_an_inserted_entry_is_found(five):
    copy = """INSERT INTO audit SELECT {}, at, 'eve', action, details, previous, hash FROM audit WHERE number = {}"""
    found = tamper(five, copy.format(6, 5))
    assert (found.ok, found.first_bad, found.entries) == (False, 6, 6)


def test_swapped_entries_are_found(five):
    found = tamper(
        five, *(f"UPDATE audit SET number = {to} WHERE number = {of}" for of, to in ((2, 9), (4, 2), (9, 4)))
    )
    assert (found.ok, found.first_bad) == (False, 2)


def test_a_tail_that_was_cut_off_is_found_with_a_kept_head(five):
    head = audit.head()
    assert tamper(five, "DELETE FROM audit WHERE number > 3").ok
    assert not audit.verify(head).ok
    audit.record(Event(actions.SIGN_IN, "eve"))  # and covered up
    assert audit.verify().ok
    assert not audit.verify(head).ok


def test_entries_that_make_no_sense_any_more_are_an_error(five):
    assert not tamper(five, "UPDATE audit SET at = 'noon' WHERE number = 2").ok
    with pytest.raises(StoreError, match="Entry 2 of the audit log was changed: see 'audit verify'"):
        audit.entries()


def test_bytes_in_sqlite_are_found(sqlite):
    audit.record(Event(actions.SIGN_IN, "ann"))
    assert tamper("sqlite", """UPDATE audit SET "user" = x'ff00', details = x'80'""").first_bad == 1


def test_a_log_of_more_entries_than_are_read_at_once(sqlite):
    with engine.writing() as connection:
        for _ in range(2500):
            audit.record_in(connection, Event(actions.SIGN_IN, "ann"))
    assert audit.verify().entries == 2500 and audit.verify().ok


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Event("lunch", "ann"), "Expected an action of .*Received: 'lunch'"),
        (Event(actions.EXPORT, "ann", {"when": datetime(2026, 3, 1)}), r"Expected texts and numbers.*\['when'\]"),
        (Event(actions.EXPORT, "ann", {"x": float("nan")}), "not JSON compliant"),
    ],
)
def test_what_is_no_event_is_refused(sqlite, event, message):
    with pytest.raises(ValueError, match=message):
        audit.record(event)
    assert audit.entries() == []


def test_long_and_odd_texts_are_mended(database):
    audit.record(Event(actions.REFUSED, "é\0\ud800", {"what": "\0\ud800" + "x" * 1000}))
    (entry,) = audit.entries()
    assert entry.user == "é?"
    assert entry.details == {"what": "?" + "x" * 299}
    assert audit.verify().ok


def tamper_again(*statements: str) -> audit.Verification:
    execute(*statements)
    return audit.verify()
