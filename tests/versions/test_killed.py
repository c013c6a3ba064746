"""What a process that is killed at any moment leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brain_core import versions
from brain_core.registry import read_card
from brain_core.settings import PROJECT
from tests.versions.steps import BY, NAME, RUNS, promote

KILLER = Path(__file__).with_name("killer.py")


@pytest.fixture
def crashed(added, made):
    """``crashed(action)``: copies of the folder of models, each after an action killed one step later than the last.

    In all of them version 1 was in service; the last one is of an action that came to its end.
    """

    def crash(what: str, versions_there: str = "12") -> list[Path]:
        for version in set(RUNS) - set(versions_there):
            versions.delete(NAME, version)
        command, environment = [sys.executable, str(KILLER), str(added), str(made), what], {"PYTHONPATH": str(PROJECT)}
        done = subprocess.run(
            command, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return [added.parent / f"{what}-{moment}" for moment in range(1, int(done.stdout) + 2)]

    return crash


def whole(name: str, folder: Path) -> str:
    """The version in service, which has to load."""
    card = read_card(name, folder)
    assert card.load().name == NAME
    return card.version


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")
@pytest.mark.parametrize(("what", "old", "new"), [("promote", "1", "2"), ("rollback", "1", "0")])
def test_a_change_that_is_killed_leaves_the_old_version_or_the_new(crashed, what, old, new):
    promote("1")
    folders = crashed(what)
    found = [whole(NAME, folder) for folder in folders]
    assert len(found) >= 5
    assert found == sorted(found, key=[old, new].index)  # the old one until the swap, the new one from then on
    assert {found[0], found[-1]} == {old, new}
    for folder in folders:
        problems = [each.problem for each in versions.listed(NAME, folder)]
        assert problems == [None] * 3
        versions.promote(NAME, "1" if whole(NAME, folder) != "1" else "2", models_dir=folder, **BY)
        assert not list((folder / "versions").glob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")
def test_an_addition_that_is_killed_leaves_a_whole_version_or_none_and_can_be_repeated(crashed, made):
    promote("1")
    folders = crashed("add")
    found = []
    for folder in folders:
        there = versions.listed(NAME, folder)
        assert [each.problem for each in there] == [None] * len(there)
        assert read_card(NAME, folder).version == "1"
        found.append([each.version for each in there])
        versions.add(NAME, made / "3", folder)
        versions.find(NAME, "3", folder).card().check()
        assert {path.name for path in (folder / "versions" / NAME).iterdir()} == {"1", "2", "3"}
    assert len(found) >= 10
    assert found == sorted(found, key=len) and found[0] == ["0", "2", "1"] and found[-1] == ["0", "3", "2", "1"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither fork nor SIGKILL")
def test_a_deletion_that_is_killed_leaves_a_whole_version_or_none(crashed, made):
    promote("1")
    folders = crashed("delete")
    found = []
    for folder in folders:
        there = versions.listed(NAME, folder)
        for each in there:
            each.card().check()
        assert read_card(NAME, folder).version == "1"
        found.append([each.version for each in there])
        versions.add(NAME, made / "3", folder)
        hidden = list((folder / "versions" / NAME).glob(".*"))
        assert hidden == []
    assert len(found) >= 6
    assert found == sorted(found, key=len, reverse=True) and found[0] == ["0", "2", "1"] and found[-1] == ["0", "1"]
