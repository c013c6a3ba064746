"""``models``: what is listed, put in service, rolled back, told, deleted and written about."""

import getpass
import json
import shutil

import pytest

from brain_core import versions
from brain_core.cli import main
from brain_core.models import MODELS
from brain_core.registry import read_card, read_card_in
from tests.helpers import put_in_service, tiny_network

NAME, FILE = "custom_cnn", "custom_cnn_fixed.keras"
WHY = ["--name", "A. Reader", "--reason", "better"]


@pytest.fixture(scope="module")
def made(tmp_path_factory, models_dir):
    """``service`` with both shipped models, the folders of runs 1 and 2, and ``both`` with both models."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(models_dir, folder / "service")
    for run, names in {"1": [NAME], "2": [NAME], "both": list(MODELS)}.items():
        (folder / run).mkdir()
        for name in names:
            put_in_service(folder / run, name, tiny_network(name, seed=len(run)), version=run)
    return folder


@pytest.fixture
def service(made, tmp_path, set_environment, monkeypatch):
    shutil.copytree(made / "service", tmp_path / "service")
    set_environment(BRAIN_MODELS_DIR=tmp_path / "service")
    monkeypatch.setattr(getpass, "getuser", lambda: "login")
    return tmp_path / "service"


@pytest.fixture
def brain(capsys):
    """``brain(arguments…)``: exit status, lines on standard output and the text on standard error."""

    def run(*arguments):
        status = main(["models", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out.splitlines(), err

    return run


def compared(run, folder, *, files=None, **gate):
    """A copy of a run with a stored comparison; ``files`` replaces checksums by role."""
    shutil.copytree(run, folder)
    record = {"gate": {"passed": True, "text": "AUC +0.02", "champion": "test-custom_cnn"} | gate}
    cards = {"challenger": read_card_in(folder, NAME), "champion": read_card(NAME)}
    record |= {role: {"sha256": card.sha256} | (files or {}).get(role, {}) for role, card in cards.items()}
    (folder / "comparison.json").write_text(json.dumps(record))
    return folder


def test_every_version_is_listed_with_its_marks(service, made, brain):
    for run in ("1", "2"):
        assert brain("promote", made / run, *WHY)[0] == 0
    status, lines, _ = brain("list")
    assert status == 0
    heads = [line.split("  custom_cnn_fixed")[0].split("  resnet50_t")[0] for line in lines]
    assert heads == [
        "custom_cnn  test-custom_cnn  shipped",
        "custom_cnn  1  predecessor, retrained",
        "custom_cnn  2  in service, retrained",
        "resnet50    test-resnet50  in service, shipped",
    ]
    assert all("checksum ok)  threshold 0.400 (best balanced accuracy" in line for line in lines)


def test_the_status_is_of_what_is_in_service(service, made, brain):
    brain("promote", made / "1", *WHY)
    (service / FILE).write_bytes(b"damaged")
    status, lines, _ = brain("list")
    assert status == 0 and "predecessor, shipped  DAMAGED: custom_cnn_fixed.keras" in lines[0]
    (versions.find(NAME, "1").folder / FILE).write_bytes(b"damaged")
    status, lines, _ = brain("list")
    assert status == 1 and "in service, retrained  DAMAGED" in lines[1] and "models rollback custom_cnn" in lines[1]
    assert "checksum ok" in lines[2]


def test_a_damaged_history_is_named_and_the_other_model_listed(service, made, brain):
    brain("promote", made / "1", *WHY)
    (service / "versions" / "custom_cnn.json").write_text("{")
    for action in ("list", "history"):
        status, lines, _ = brain(action)
        assert status == 1
        assert lines[0].startswith("custom_cnn  error: versions/custom_cnn.json") and "resnet50" in lines[1]
    status, _, err = brain("promote", "1", *WHY, "--model", NAME)
    assert status == 1 and "Mend it, or move it away" in err


def test_promote_rollback_history_delete(service, made, brain):
    status, (line,), _ = brain("promote", made / "1", "--reason", "better")
    assert status == 0
    assert line.endswith(
        "custom_cnn  promote 1, before: test-custom_cnn, by login: better "
        "(gate: it was not compared with test-custom_cnn, which is in service.)"
    )
    brain("promote", made / "2", *WHY)
    assert read_card(NAME).version == "2"
    status, (line,), _ = brain("rollback", NAME, "--reason", "too many alarms")
    assert status == 0 and line.endswith("custom_cnn  back to 1, before: 2, by login: too many alarms")
    assert brain("delete", "1")[0] == 1
    assert brain("delete", "2") == (0, ["custom_cnn  2  deleted"], "")
    status, (line,), _ = brain("rollback", NAME, "--name", "B. Reader")
    assert line.endswith("back to test-custom_cnn, before: 1, by B. Reader: not stated")
    status, _, err = brain("rollback", NAME)
    assert status == 1 and "the shipped version is in service already" in err
    status, lines, _ = brain("history", NAME)
    assert status == 0 and [line.split("  ")[2].split(",")[0] for line in lines] == [
        "promote 1", "promote 2", "back to 1", "back to test-custom_cnn",
    ]  # fmt: skip
    assert brain("history")[1][4:] == ["resnet50    the shipped version, from the start"]


def test_a_version_that_is_there_is_promoted_by_its_name(service, made, brain):
    versions.add(NAME, made / "1")
    assert brain("promote", "1", *WHY)[0] == 0
    status, _, err = brain("promote", "1", *WHY)
    assert status == 1 and "1 is in service already" in err
    status, _, err = brain("promote", "7", *WHY)
    assert status == 1 and "expected one of test-custom_cnn, 1. Received: '7'" in err


def test_a_folder_with_both_models_needs_a_choice(service, made, brain):
    status, _, err = brain("promote", made / "both", *WHY)
    assert status == 2 and "holds custom_cnn and resnet50: say which with --model" in err
    for name in MODELS:
        assert brain("promote", made / "both", *WHY, "--model", name)[0] == 0
    for action in (["promote", "both", *WHY], ["delete", "both"]):
        status, _, err = brain(*action)
        assert status == 1 and "Version both is one of custom_cnn and resnet50" in err
    assert brain("rollback", "resnet50")[0] == 0
    assert brain("delete", "both", "--model", "resnet50")[0] == 0


def test_what_passed_the_gate_needs_no_reason(service, made, tmp_path, brain):
    run = compared(made / "1", tmp_path / "run", text="ROC-AUC\n 0.95 against 0.93 " + 600 * "x ")
    assert brain("promote", run)[0] == 0
    (change,) = versions.history(NAME)
    assert (change.reason, change.name) == ("passed the gate", "login")
    assert change.gate.startswith("ROC-AUC 0.95 against 0.93 x") and change.gate.endswith(" …")
    assert len(change.gate) <= 500


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"passed": False, "text": "sensitivity fell by 0.04"}, "sensitivity fell by 0.04"),
        ({"passed": "yes", "text": "odd"}, "odd"),
        ({"champion": "older"}, "it was compared with older, not with test-custom_cnn, which is in service."),
    ],
)
def test_what_did_not_pass_needs_a_reason(service, made, tmp_path, brain, gate, words):
    run = compared(made / "1", tmp_path / "run", **gate)
    for reason in ([], ["--reason", ""]):
        status, _, err = brain("promote", run, *reason)
        assert status == 2 and f"--reason is needed to promote 1: {words}" in err
        assert versions.history(NAME) == []
    assert brain("promote", "1", "--reason", "more scans like ours")[0] == 0
    assert [(change.gate, change.reason) for change in versions.history(NAME)] == [(words, "more scans like ours")]


@pytest.mark.parametrize(
    ("role", "file"),
    [("challenger", {"sha256": "0" * 64}), ("champion", {"sha256": "1" * 64}), ("champion", {"sha256": None})],
)
def test_a_comparison_of_another_file_opens_no_gate(service, made, tmp_path, brain, role, file):
    """A folder that was copied and trained into again still holds the comparison of what was there before."""
    run = compared(made / "1", tmp_path / "run", files={role: file})
    status, _, err = brain("promote", run)
    assert status == 2 and f"since it was compared, the file of the {role} changed: compare it anew." in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "it was not compared with test-custom_cnn, which is in service."),
        ("{", "its comparison.json is damaged (JSONDecodeError)."),
        ("[]", "its comparison.json is damaged (TypeError)."),
        ('{"gate": {"passed": true}}', "its comparison.json is damaged (KeyError)."),
    ],
)
def test_without_a_readable_comparison_a_reason_is_needed(service, made, tmp_path, brain, text, words):
    run = shutil.copytree(made / "1", tmp_path / "run")
    if text is not None:
        (run / "comparison.json").write_text(text)
    status, _, err = brain("promote", run)
    assert status == 2 and f"--reason is needed to promote 1: {words}" in err


def test_where_the_system_has_no_login_name_one_is_asked_for(service, made, brain, monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nobody)
    status, _, err = brain("promote", made / "1", "--reason", "better")
    assert status == 2 and "--name: expected who decided" in err
    assert brain("promote", "1", *WHY)[0] == 0


def test_cards_go_on_past_a_damaged_record(service, made, tmp_path, brain, caplog, monkeypatch):
    monkeypatch.setattr("brain_core.reports.model_card.model_card", lambda card, *_: f"{card.metadata['created']}\n")
    path = service / "resnet50_transfer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"created": "2026-12-01"}))
    assert brain("cards", "--output", tmp_path / "docs")[0] == 1
    assert (
        "model_card_custom_cnn.md was not written: what is stored of test-custom_cnn is damaged (KeyError"
        in caplog.text
    )
    assert {path.name: path.read_text() for path in (tmp_path / "docs").iterdir()} == {
        "model_card_resnet50.md": "2026-12-01\n"
    }
    caplog.clear()
    path.write_text("{")
    assert brain("cards", "--output", tmp_path / "docs")[0] == 1
    assert "model_card_resnet50.md was not written: resnet50_transfer.json is damaged" in caplog.text


def test_no_card_is_overwritten_where_a_result_of_all_models_is_damaged(service, tmp_path, brain):
    (service / "results").mkdir()
    (service / "results" / "cross_validation.json").write_text("{")
    status, _, err = brain("cards", "--output", tmp_path / "docs")
    assert status == 1 and "cross_validation.json is damaged" in err and "no card was written" in err
    assert not (tmp_path / "docs").exists()
