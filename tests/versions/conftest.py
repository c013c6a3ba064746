"""Four versions of a small custom CNN: the shipped one and three of training runs."""

import shutil
from pathlib import Path

import pytest

from brain_core import versions
from brain_core.registry import sha256_of
from tests.helpers import put_in_service, tiny_network
from tests.versions.steps import FILE, GATE, NAME, RUNS


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """``service`` with the shipped version 0, and the folders of three training runs; do not write into it."""
    folder = tmp_path_factory.mktemp("made")
    for version in ("0", *RUNS):
        run = folder / version if version != "0" else folder / "service"
        run.mkdir()
        created = f"2026-12-0{int(version) + 1}T10:00:00+00:00"
        put_in_service(run, NAME, tiny_network(NAME, seed=int(version)), version=version, created=created)
    (folder / "1" / "comparison.json").write_text('{"gate": {}}')
    (folder / "1" / GATE).write_bytes(b"gate")
    (folder / "1" / "progress.log").write_text("")
    assert len({sha256_of(path) for path in folder.glob(f"*/{FILE}")}) == 4
    return folder


@pytest.fixture
def service(made, tmp_path, set_environment) -> Path:
    """The shipped version in service, all else still in its run's folder."""
    folder = tmp_path / "service"
    shutil.copytree(made / "service", folder)
    set_environment(BRAIN_MODELS_DIR=folder)
    return folder


@pytest.fixture
def added(service, made) -> Path:
    """The shipped version in service, three more beside it."""
    for version in RUNS:
        versions.add(NAME, made / version)
    return service


@pytest.fixture
def light(monkeypatch):
    """Promote without waiting for TensorFlow: the checksum only."""
    monkeypatch.setattr("brain_core.registry.ModelCard.load", lambda card: card.check())
