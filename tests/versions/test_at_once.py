"""Several who change versions at once."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from brain_core import in_service, versions
from brain_core.errors import ModelError
from brain_core.settings import PROJECT
from tests.versions.steps import BY, NAME, current, promote, relabel

PROMOTER = Path(__file__).with_name("promoter.py")


def test_who_cannot_get_at_the_versions_in_time_is_told(added, monkeypatch, light):
    monkeypatch.setattr(in_service, "PATIENCE", 0.1)
    with (
        FileLock(added / "versions" / f"{NAME}.lock"),
        pytest.raises(ModelError, match="versions of custom_cnn cannot be changed: .* at it for 0.1 seconds"),
    ):
        promote("1")
    assert current() == "0"
    promote("1")


def test_of_threads_that_roll_back_what_they_all_see_one_does(added, light):
    promote("1", "2", "3")

    def back(_) -> bool:
        try:
            versions.rollback(NAME, seen="3", **BY)
        except ModelError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(back, range(8))) == 1
    assert current() == "2"


def test_of_processes_that_promote_at_once_none_is_lost_and_readers_see_a_whole_model(added, made, tmp_path):
    for version in ("31", "32"):
        relabel(shutil.copytree(made / "3", tmp_path / version), version=version)
        versions.add(NAME, tmp_path / version)
    command, environment = [sys.executable, str(PROMOTER)], os.environ | {"PYTHONPATH": str(PROJECT)}
    writers = [subprocess.Popen([*command, me, str(tmp_path)], cwd=PROJECT, env=environment) for me in "12"]
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.ready"))) < len(writers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (tmp_path / "go").touch()
    seen = set()
    while any(writer.poll() is None for writer in writers):
        seen.add(current())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {"0", "1", "2", "31", "32"}
    changes = versions.history(NAME)
    assert len(changes) == 40
    for me in "12":
        assert [change.version for change in changes if change.name == me] == [me, "3" + me] * 10
    assert [change.from_version for change in changes] == ["0", *(change.version for change in changes[:-1])]
    names = {path.name for path in (added / "versions").iterdir()}
    assert names == {NAME, f"{NAME}.json", f"{NAME}.lock"}
