"""Saved operating points: what is in use, what came before, and what cannot be saved."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from brain_core import operating_points
from brain_core.errors import ConfigError, OperatingPointError
from brain_core.models import MODELS
from brain_core.operating_points import NOT_STATED, OperatingPoint
from brain_core.registry import ModelCard

PROJECT = Path(__file__).resolve().parent.parent
OWN = OperatingPoint(0.4, "best balanced accuracy", "validation, n = 9")
CARD = ModelCard(
    name="custom_cnn",
    version="1",
    path=Path("custom_cnn_fixed.keras"),
    sha256="ab",
    preprocessing=MODELS["custom_cnn"].preprocessing,
    gradcam_layer="conv3",
    operating_point=OWN,
    metadata={"operating_point": asdict(OWN)},
)
WORDS = {"rule": "sensitivity at least 0.95", "fitted_on": "validation, n = 39", "reason": "screening"}
DAMAGED = [
    "{",
    "[" * 100_000,
    '{"threshold": 0.2}',
    '["text"]',
    "[{}]",
    "[[]]",
    "\x00",
    '[{"threshold": NaN, "rule": "r", "fitted_on": "f", "action": "set", "reason": "r", "name": "n", '
    '"at": "2026-11-25T10:00:00+00:00", "version": "1", "sha256": "ab"}]',
    '[{"threshold": 0.2, "rule": "r", "fitted_on": "f", "action": "set", "reason": "r", "name": "n", '
    '"at": "yesterday", "version": "1", "sha256": "ab"}]',
]


def save(threshold, card=CARD, **changes):
    return operating_points.save(card, threshold, **(WORDS | {"name": "A. Reader"} | changes))


def in_use(card=CARD) -> float:
    return operating_points.read(card).in_use.threshold


@pytest.fixture
def file(settings) -> Path:
    return settings.home / "operating_points" / "custom_cnn.json"


def test_where_nothing_was_saved_the_models_own_is_in_use(file):
    assert operating_points.read(CARD) == operating_points.Standing(own=OWN, in_use=OWN)
    assert not file.parent.exists()


def test_what_was_saved_is_in_use_and_says_where_it_comes_from(file):
    saved = save(0.2, at=datetime(2026, 11, 25, 10, 30, tzinfo=UTC))
    standing = operating_points.read(CARD)
    assert (standing.in_use, standing.own, standing.history, standing.problem) == (saved, OWN, (saved,), None)
    assert saved.source == ("set by A. Reader on 2026-11-25: screening; sensitivity at least 0.95, validation, n = 39")
    assert json.loads(file.read_text())[0] == WORDS | {
        "threshold": 0.2,
        "action": "set",
        "name": "A. Reader",
        "at": "2026-11-25T10:30:00+00:00",
        "version": "1",
        "sha256": "ab",
    }


def test_reverting_goes_back_step_by_step_to_the_models_own_and_is_part_of_the_history():
    for threshold in (0.1, 0.2, 0.3):
        save(threshold)
    assert operating_points.revert(CARD, name="B. Reader", reason="too many alarms").threshold == in_use() == 0.2
    save(0.6)
    assert [operating_points.revert(CARD).threshold for _ in range(3)] == [0.2, 0.1, 0.4]
    standing = operating_points.read(CARD)
    assert standing.in_use == OWN
    assert [(entry.action, entry.threshold) for entry in standing.history] == [
        ("set", 0.1), ("set", 0.2), ("set", 0.3), ("revert", 0.2), ("set", 0.6),
        ("revert", 0.2), ("revert", 0.1), ("revert", 0.4),
    ]  # fmt: skip
    assert (standing.history[3].name, standing.history[3].reason) == ("B. Reader", "too many alarms")
    assert (standing.history[4].name, standing.history[7].name) == ("A. Reader", NOT_STATED)
    with pytest.raises(OperatingPointError, match="Custom CNN 1 goes by its own operating point already"):
        operating_points.revert(CARD)


def test_two_readers_who_revert_what_they_both_see_go_back_one_step():
    for threshold in (0.1, 0.2):
        save(threshold)
    seen = operating_points.read(CARD).in_use
    assert operating_points.revert(CARD, in_use=seen).threshold == 0.1
    with pytest.raises(
        OperatingPointError, match=r"Custom CNN 1 has changed meanwhile: expected 0\.200 .* 0\.100 \(set"
    ):
        operating_points.revert(CARD, in_use=seen)
    assert [entry.threshold for entry in operating_points.read(CARD).history] == [0.1, 0.2, 0.1]
    operating_points.revert(CARD, in_use=operating_points.read(CARD).in_use)
    assert in_use() == OWN.threshold
    with pytest.raises(OperatingPointError, match=r"changed meanwhile: expected 0\.200 .* In use: 0\.400 \(best bal"):
        operating_points.revert(CARD, in_use=seen)


def test_the_same_threshold_saved_by_another_reader_is_another_point():
    seen = save(0.2)
    save(0.2, name="B. Reader")
    with pytest.raises(OperatingPointError, match="changed meanwhile: .* In use: 0.200 .set by B. Reader"):
        operating_points.revert(CARD, in_use=seen)


def test_of_threads_that_revert_the_same_point_one_does():
    for i in range(9):
        seen = save(i / 10)

    def revert(_) -> bool:
        try:
            operating_points.revert(CARD, in_use=seen)
        except OperatingPointError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(revert, range(8))) == 1
    assert in_use() == 0.7


def test_after_a_revert_the_earlier_point_says_who_set_it():
    save(0.1, name="First")
    save(0.2, name="Second")
    assert operating_points.revert(CARD, name="Third").threshold == 0.1
    assert "set by First" in operating_points.read(CARD).in_use.source


@pytest.mark.parametrize("other", [{"version": "2"}, {"sha256": "cd"}])
def test_a_point_holds_for_the_version_that_it_was_chosen_for(other):
    retrained = replace(CARD, **other)
    save(0.2)
    assert operating_points.read(retrained).in_use == OWN
    assert [entry.is_for(retrained) for entry in operating_points.read(retrained).history] == [False]
    with pytest.raises(OperatingPointError, match="goes by its own operating point already"):
        operating_points.revert(retrained)
    save(0.7, retrained)
    assert (in_use(), in_use(retrained)) == (0.2, 0.7)
    operating_points.revert(CARD)
    assert (in_use(), in_use(retrained)) == (0.4, 0.7)


def test_the_models_have_a_history_each():
    save(0.2)
    assert operating_points.read(replace(CARD, name="resnet50")).history == ()


@pytest.mark.parametrize("threshold", [0, 1, 0.5])
def test_both_ends_can_be_set(threshold):
    assert save(threshold).threshold == in_use() == threshold


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -0.001, 1.001])
def test_a_threshold_out_of_range_is_refused(file, threshold):
    with pytest.raises(ConfigError, match=f"Threshold: expected a number from 0 to 1. Received: {threshold}"):
        save(threshold)
    assert not file.exists()


@pytest.mark.parametrize("field", ["name", "reason", "rule", "fitted_on"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a text. Received: ''"),
        (" \t ", "expected a text. Received: ''"),
        ("x" * 301, "expected at most [0-9]+ characters. Received: 301"),
        ("two\nlines", r"expected one line of printable characters. Received: 'two\\nlines'"),
        ("\x1b[2J", "expected one line of printable characters"),
        ("\x00", "expected one line of printable characters"),
        ("turned \u202e round", "expected one line of printable characters"),
        ("\udc80", "expected one line of printable characters"),
    ],
)
def test_a_text_that_is_not_one_bounded_line_is_refused(file, field, text, message):
    with pytest.raises(ConfigError, match=f"{field.replace('_', ' ').capitalize()}: {message}"):
        save(0.2, **{field: text})
    assert not file.exists()


def test_a_text_keeps_its_letters_and_loses_the_space_around_it():
    saved = save(0.2, name="  Dr. Å. Müller 李 <b> ", reason="x" * 300)
    assert operating_points.read(CARD).in_use == saved
    assert saved.name == "Dr. Å. Müller 李 <b>"


def test_a_bad_revert_adds_nothing():
    save(0.2)
    with pytest.raises(ConfigError, match="Name: expected a text"):
        operating_points.revert(CARD, name="")
    assert len(operating_points.read(CARD).history) == 1


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_history_leaves_the_model_with_its_own_point_and_is_kept(file, text):
    file.parent.mkdir(parents=True)
    file.write_text(text)
    standing = operating_points.read(CARD)
    assert standing.in_use == OWN and standing.history == ()
    assert standing.problem.startswith("operating_points/custom_cnn.json in BRAIN_HOME is damaged (")
    assert standing.problem.endswith("Custom CNN goes by its own operating point.")
    for action in (lambda: save(0.2), lambda: operating_points.revert(CARD)):
        with pytest.raises(OperatingPointError, match="Mend it, or move it away to start a new history"):
            action()
    assert file.read_text() == text


def test_a_folder_that_cannot_be_written_is_named(set_environment, tmp_path):
    (tmp_path / "file").write_text("")
    set_environment(BRAIN_HOME=tmp_path / "file")
    assert operating_points.read(CARD).in_use == OWN
    with pytest.raises(OperatingPointError, match=r"operating_points/custom_cnn\.json in BRAIN_HOME cannot be written"):
        save(0.2)


def test_who_cannot_get_at_the_history_in_time_is_told(file, monkeypatch):
    monkeypatch.setattr(operating_points, "PATIENCE", 0.1)
    save(0.2)
    with FileLock(file.with_suffix(".lock")), pytest.raises(OperatingPointError, match="at it for 0.1 seconds"):
        save(0.3)
    save(0.4)
    assert [entry.threshold for entry in operating_points.read(CARD).history] == [0.2, 0.4]


def test_a_process_that_dies_while_it_adds_lets_go():
    code = "import os; from brain_core import operating_points as o; from tests.test_operating_points import CARD\n"
    code += "with o._adding_to(CARD): os._exit(3)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, timeout=60).returncode == 3
    save(0.2)
    assert in_use() == 0.2


def test_of_threads_that_save_at_once_none_is_lost():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: save(i / 100), range(40)))
    assert sorted(entry.threshold for entry in operating_points.read(CARD).history) == [i / 100 for i in range(40)]


def test_of_processes_that_save_at_once_none_is_lost_and_readers_see_no_half_file(settings, tmp_path):
    code = """
import sys, time
from pathlib import Path
from tests.test_operating_points import save
me, folder = int(sys.argv[1]), Path(sys.argv[2])
(folder / f"{me}.ready").touch()
while not (folder / "go").exists():
    time.sleep(0.001)
for i in range(20):
    save((20 * me + i) / 100)
"""
    writers = [subprocess.Popen([sys.executable, "-c", code, str(i), str(tmp_path)], cwd=PROJECT) for i in range(4)]
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("*.ready"))) < len(writers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (tmp_path / "go").touch()
    seen = []
    while any(writer.poll() is None for writer in writers):
        standing = operating_points.read(CARD)
        assert standing.problem is None
        seen.append(len(standing.history))
    assert [writer.returncode for writer in writers] == [0] * 4
    assert seen == sorted(seen)
    history = operating_points.read(CARD).history
    assert sorted(entry.threshold for entry in history) == [i / 100 for i in range(80)]
    assert {path.name for path in (settings.home / "operating_points").iterdir()} == {
        "custom_cnn.json", "custom_cnn.lock",
    }  # fmt: skip
