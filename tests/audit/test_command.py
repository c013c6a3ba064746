"""``python -m brain_core audit``."""

import json

import pytest

from brain_core import audit
from brain_core.audit import Event, actions
from brain_core.cli import main
from tests.store.databases import execute

pytestmark = pytest.mark.usefixtures("sqlite")


@pytest.fixture
def three() -> None:
    audit.record(Event(actions.SIGN_IN, "ann@example.org"))
    audit.record(Event(actions.PROMOTE, "bob\x1b[31m", {"model": "custom_cnn", "version": "2"}))
    audit.record(Event(actions.SIGN_OUT, "ann@example.org"))


def test_a_whole_log(three, capsys):
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out == f"3 entries, whole\nhead {audit.head()}\n"
    assert main(["audit", "head"]) == 0
    head = capsys.readouterr().out.strip()
    assert head == audit.head()
    audit.record(Event(actions.SIGN_IN, "cem"))
    assert main(["audit", "verify", "--head", head]) == 0


def test_a_broken_log(three, capsys):
    execute("DROP TRIGGER audit_update", """UPDATE audit SET "user" = 'eve' WHERE number = 1""")
    assert main(["audit", "verify"]) == 1
    assert "3 entries, BROKEN: Entry 1 was changed: its hash does not fit." in capsys.readouterr().out


def test_a_head_that_is_not_in_the_log(three, capsys):
    assert main(["audit", "verify", "--head", "a" * 64]) == 1
    assert "BROKEN: The kept head is not in the log" in capsys.readouterr().out


def test_a_head_that_is_none(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "--head", "latest"])
    assert ended.value.code == 2
    assert "expected 64 hexadecimal digits" in capsys.readouterr().err


def test_the_list(three, capsys):
    assert main(["audit", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert lines[1].endswith(
        "UTC  promote             bob?[31m  model custom_cnn, version 2"
    )  # no colours from outside


def test_the_list_by_user_and_action(three, capsys):
    assert main(["audit", "list", "--user", "ann@example.org", "--action", "sign-in", "--format", "json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["number"], entry["user"], entry["action"], entry["details"]) == (1, "ann@example.org", "sign-in", {})
    assert main(["audit", "list", "--limit", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("words", [["--action", "lunch"], ["--limit", "0"]])
def test_the_list_of_nothing_known_is_bad_usage(words, capsys):
    assert main(["audit", "list", *words]) == 2
    assert "expected" in capsys.readouterr().err
