"""What the command line changes stands in the audit log, in the name that the operating system knows."""

import getpass

import pytest

from brain_core import audit, operating_points
from brain_core.cli import main, train
from brain_core.errors import StoreError
from brain_core.jobs.index import folders
from brain_core.registry import read_card
from tests.ui.retrain import CNN, add_version
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "service_files"]
NEW = "2026-01-02-new"


@pytest.fixture(autouse=True)
def place(in_service, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path / "home")


def recorded() -> list[tuple[str, dict]]:
    """The oldest first."""
    found = list(reversed(audit.entries()))
    assert {entry.user for entry in found} <= {getpass.getuser()}
    return [(entry.action, dict(entry.details)) for entry in found]


def test_thresholds():
    assert main(["thresholds", "set", CNN, "0.3", "--reason", "a secret reason", "--name", "Ann"]) == 0
    assert main(["thresholds", "revert", CNN]) == 0
    about = {"model": CNN, "version": "test-1"}
    assert recorded() == [("threshold", about | {"threshold": 0.3}), ("threshold reverted", about)]


def test_versions(tmp_path):
    add_version(NEW, tmp_path)
    assert main(["models", "promote", NEW, "--reason", "a try"]) == 0
    assert main(["models", "rollback", CNN]) == 0
    assert main(["models", "delete", NEW]) == 0
    assert main(["models", "delete", "test-1", "--model", CNN]) == 1  # the shipped one
    about = {"model": CNN, "version": NEW}
    delete = {"what": "version", "model": CNN, "version": "test-1"}
    assert recorded() == [
        ("promote", about | {"before": "test-1", "gate": False}),
        ("rollback", {"model": CNN}),
        ("delete", about | {"what": "version"}),
        ("delete", delete),
        ("delete", delete | {"failed": "ModelError"}),
    ]


def test_training_is_recorded_by_whoever_asks_for_it_and_not_by_the_process_that_does_it(monkeypatch, phantom_dataset):
    monkeypatch.setattr(train, "carry_out", lambda *_, **__: None)
    asked = ["train", str(phantom_dataset), "--model", CNN]
    assert main(asked) == 0
    (run,) = folders()
    assert main([*asked, "--run-dir", str(run.path)]) == 0  # as the page has it done
    assert recorded() == [("retrain", {"what": "start", "models": CNN})]
    assert main(["runs", "delete", run.id]) == 0
    assert recorded()[1:] == [("delete", {"what": "run", "run": run.id})]


def test_without_an_audit_log_nothing_is_done_but_going_back(monkeypatch, tmp_path, capsys):
    def unwritable(_):
        raise StoreError("The prediction store cannot be used: disk full.")

    add_version(NEW, tmp_path)
    assert main(["models", "promote", NEW, "--reason", "a try"]) == 0
    monkeypatch.setattr(audit, "record", unwritable)
    assert main(["thresholds", "set", CNN, "0.3", "--reason", "a try", "--name", "Ann"]) == 1
    assert "disk full. Nothing was done" in capsys.readouterr().err
    assert operating_points.read(read_card(CNN)).history == ()
    assert main(["models", "rollback", CNN]) == 0 and read_card(CNN).version == "test-1"
    assert main(["models", "promote", NEW, "--reason", "a try"]) == 1 and read_card(CNN).version == "test-1"
