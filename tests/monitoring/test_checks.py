"""The audit log as the monitor looks at it: its last entry is kept outside the database, its triggers are there."""

import json

import pytest

from brain_core import audit
from brain_core.monitoring import checks
from brain_core.monitoring.alerts import State
from tests.store.databases import execute

CUT = {  # statements that take the guards away, and put them back as they were
    "sqlite": (
        "DROP TRIGGER audit_delete",
        "CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": ("ALTER TABLE audit DISABLE TRIGGER audit_change", "ALTER TABLE audit ENABLE TRIGGER audit_change"),
}


def add(n: int, user: str = "a") -> None:
    for _ in range(n):
        audit.record(audit.Event("sign-in", user, {}))


def cut(database: str, number: int) -> None:
    """All that comes after this entry, without a trace in the database."""
    off, on = CUT[database]
    execute(off, f"DELETE FROM audit WHERE number > {number}", on)


def test_an_end_that_was_cut_off_is_an_alert_until_the_file_is_removed(database, settings):
    add(5)
    assert (
        checks.audit().told == "the chain of 5 entries is whole up to its last entry, which is looked at the first time"
    )
    add(2)
    assert checks.audit().told == "the chain of 7 entries is whole, and entry 5, the last one seen before, is in it"
    cut(database, 4)
    assert audit.verify().ok  # alone it does not show
    for _ in range(2):
        found = checks.audit()
        assert (found.state, found.n) == (State.ON, 4)
        assert "7 entries were seen before, 4 are left: the end was cut off" in found.told
    add(5, user="b")
    found = checks.audit()
    assert found.state == State.ON and "Entry 7 is not the one seen before" in found.told
    assert "a backup was restored" in found.told and checks.HEAD_FILE in found.told
    (settings.home / checks.HEAD_FILE).unlink()
    assert checks.audit().state == State.OFF and checks.audit().told.startswith("the chain of 9 entries is whole, and")


def test_a_log_that_was_emptied_is_an_alert_and_a_new_one_none(sqlite):
    assert (checks.audit().state, checks.audit().told) == (State.OFF, "there is no entry yet")
    add(2)
    checks.audit()
    cut("sqlite", 0)
    assert "2 entries were seen before, 0 are left" in checks.audit().told


def test_a_missing_trigger_is_an_alert(database):
    add(1)
    assert checks.audit().state == State.OFF
    off, on = CUT[database]
    execute(off)
    found = checks.audit()
    assert found.state == State.ON
    name = {"sqlite": "audit_delete", "postgresql": "audit_change"}[database]
    assert found.told == f"The database does not refuse changes of the log, since triggers are missing: {name}."
    execute(on)
    assert checks.audit().state == State.OFF


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "null",
        '{"number": 1}',
        '{"number": "1", "hash": "' + "0" * 64 + '"}',
        '{"number": 0, "hash": "' + "0" * 64 + '"}',
        '{"number": 1, "hash": "<b>"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_told_once_and_replaced(content, sqlite, settings):
    add(3)
    (settings.home / checks.HEAD_FILE).write_text(content)
    found = checks.audit()
    assert found.state == State.ON and f"{checks.HEAD_FILE} was damaged and is replaced" in found.told
    assert checks.audit().state == State.OFF
    kept = json.loads((settings.home / checks.HEAD_FILE).read_text())
    assert kept == {"number": 3, "hash": audit.head()}


def test_a_damaged_file_goes_where_there_is_no_entry_yet(sqlite, settings):
    checks.audit()
    (settings.home / checks.HEAD_FILE).write_text("{")
    assert [checks.audit().state for _ in range(2)] == [State.ON, State.OFF]
    assert not (settings.home / checks.HEAD_FILE).exists()


def test_one_who_looked_earlier_and_is_slower_does_not_set_it_back(sqlite, settings):
    add(2)
    early = audit.verify()
    add(1)
    checks.audit()
    assert checks._keep(settings.home / checks.HEAD_FILE, early) == ""
    assert json.loads((settings.home / checks.HEAD_FILE).read_text())["number"] == 3


def test_a_broken_chain_leaves_what_was_seen_alone(sqlite, settings):
    add(3)
    checks.audit()
    before = (settings.home / checks.HEAD_FILE).read_text()
    execute("DROP TRIGGER audit_update", """UPDATE audit SET "user" = 'b' WHERE number = 2""")
    assert checks.audit().told.startswith("Entry 2 was changed: its hash does not fit. The database does not refuse")
    assert (settings.home / checks.HEAD_FILE).read_text() == before


def test_a_folder_that_cannot_be_written_is_told(sqlite, settings, set_environment, tmp_path):
    (tmp_path / "file").write_text("")
    set_environment(BRAIN_HOME=tmp_path / "file" / "below", BRAIN_DATABASE_URL=f"sqlite:///{tmp_path}/brain.sqlite")
    add(1)
    found = checks.audit()
    assert found.state == State.OFF and "cannot be written in BRAIN_HOME" in found.told
