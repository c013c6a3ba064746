"""What the tests of training runs share: a service of small models, a small data set, a small program."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from brain_core import settings as settings_module
from brain_core.jobs import control, process, watch
from brain_core.models import Architecture
from brain_core.scans.phantom import write_dataset
from tests.jobs import tiny_brain
from tests.jobs.steps import Service, start, until

PROGRAM = (sys.executable, str(Path(tiny_brain.__file__)))


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """A yes/no folder of 2 x 12 phantoms; do not write into it."""
    return write_dataset(tmp_path_factory.mktemp("small") / "phantoms", 12, seed=0, size=64)


@pytest.fixture
def service(models_dir, tmp_path, set_environment) -> Service:
    shutil.copytree(models_dir, tmp_path / "service")
    set_environment(BRAIN_MODELS_DIR=tmp_path / "service")
    return Service(tmp_path / "service")


@pytest.fixture
def tiny(monkeypatch) -> None:
    """Small networks in this process."""
    monkeypatch.setattr(Architecture, "build", tiny_brain.BUILD)


@pytest.fixture
def program(monkeypatch, tmp_path) -> Path:
    """Small networks in the processes of runs; the file that hears how their states change."""
    monkeypatch.setattr(process, "PROGRAM", PROGRAM)
    monkeypatch.setattr(control, "NICE", 0)  # as fast as the tests themselves on a busy machine
    monkeypatch.setenv("TINY_TURNS", str(tmp_path / "turns"))
    return tmp_path / "turns"


@pytest.fixture
def light(program, monkeypatch):
    """``light(steps)``: from now on runs take so many steps of 20 ms and train nothing."""
    return lambda steps: monkeypatch.setenv("TINY_STEPS", str(steps))


@pytest.fixture(scope="module")
def done(models_dir, data, tmp_path_factory):
    """A run that nobody disturbed: (its folder, its service, the statuses that it went through)."""
    place = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(models_dir, place / "service")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "PROGRAM", PROGRAM)
        patch.setattr(control, "NICE", 0)
        patch.setenv("BRAIN_HOME", str(place / "var"))
        patch.setenv("BRAIN_MODELS_DIR", str(place / "service"))
        settings_module.settings.cache_clear()
        service = Service(place / "service")
        folder = start(data)
        seen = [watch.look(folder).status]
        until(lambda: seen.append(watch.look(folder).status) or seen[-1] not in watch.GOING_ON)
        yield folder, service, list(dict.fromkeys(seen))
    settings_module.settings.cache_clear()
