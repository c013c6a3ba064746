"""``python -m brain_core store``."""

import pytest

from brain_core import audit
from brain_core.cli import main
from brain_core.cli.store import KEPT_NAMES, user
from brain_core.store import feedback, predictions
from brain_core.store.records import now
from tests.store.postgres import PASSWORD
from tests.store.sample_rows import feedback as said
from tests.store.sample_rows import key, prediction


def test_status(database, capsys, set_environment):
    predictions.add([prediction()], event=audit.Event(audit.actions.PREDICTION, "a"))
    set_environment(BRAIN_KEEP_SCANS="yes", BRAIN_RETENTION_DAYS=365_00)
    assert main(["store", "status"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.replace("audit log", "audit").splitlines())
    assert lines["database"].startswith(database) and PASSWORD not in lines["database"]
    assert (lines["schema"], lines["predictions"], lines["feedback"], lines["audit"]) == ("0001", "1", "0", "1")
    assert lines["oldest"] == "2026-03-01"
    assert lines["kept"] == "scans   0, more are kept (BRAIN_KEEP_SCANS)"
    assert lines["retention"] == "36500 days"


def test_status_of_a_store_that_cannot_be_reached(set_environment, capsys):
    set_environment(BRAIN_DATABASE_URL="mysql://u:hidden@localhost/x")
    assert main(["store", "status"]) == 1
    assert "expected a URL of PostgreSQL" in (found := capsys.readouterr()).err
    assert "hidden" not in found.out + found.err


def test_migrate(database, capsys):
    assert main(["store", "migrate"]) == 0
    assert predictions.read() == []


def test_prune_says_first_and_deletes_with_yes(sqlite, capsys):
    predictions.add([prediction(), prediction("young", at=now())])
    feedback.add(said())
    assert main(["store", "prune", "--days", "30"]) == 0
    assert capsys.readouterr().out == "would be deleted: 1 predictions, 0 failures, 1 feedback, 0 kept scans\n"
    assert len(predictions.read()) == 2
    assert main(["store", "prune", "--days", "30", "--yes"]) == 0
    assert capsys.readouterr().out == "deleted: 1 predictions, 0 failures, 1 feedback, 0 kept scans\n"
    assert [row.case for row in predictions.read()] == [key("young")]
    assert audit.entries()[0].user == user()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give --days N, or set BRAIN_RETENTION_DAYS"),
        (["--days", "0"], "Days: expected a positive whole number. Received: 0."),
    ],
)
def test_prune_without_an_age_is_bad_usage(sqlite, capsys, words, message):
    assert main(["store", "prune", "--yes", *words]) == 2
    assert message in capsys.readouterr().err


def test_delete_a_case(sqlite, capsys):
    predictions.add([prediction("a"), prediction("b")])
    assert main(["store", "delete", key("a")]) == 0
    assert capsys.readouterr().out.startswith("deleted: 1 predictions,")
    assert [row.case for row in predictions.read()] == [key("b")]
    assert main(["store", "delete", key("a")]) == 1
    assert main(["store", "delete", "a.png"]) == 2


def test_delete_a_users_name(sqlite, capsys):
    predictions.add([prediction(user="gone@example.org")])
    assert main(["store", "delete-user", "gone@example.org"]) == 0
    assert capsys.readouterr().out == f"Another name stands in 1 rows. {KEPT_NAMES}\n"
    assert main(["store", "delete-user", "gone@example.org"]) == 1


def test_export(sqlite, tmp_path, capsys):
    predictions.add([prediction()])
    assert main(["store", "export", "--out", str(tmp_path / "x.csv")]) == 0
    assert (tmp_path / "x.csv").read_text().count("\n") == 2
    assert capsys.readouterr().out == ""


def test_a_user_without_a_name(monkeypatch):
    def fail():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", fail)
    assert user() == "command line"
