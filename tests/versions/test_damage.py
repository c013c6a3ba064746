"""Damaged versions and a damaged history: told, never another model in silence."""

import json
import shutil

import pytest

from brain_core import versions
from brain_core.errors import ModelError
from brain_core.registry import read_card, sha256_of
from tests.helpers import put_in_service
from tests.versions.steps import BY, FILE, NAME, RUNS, current, flip, promote, relabel, shown

DAMAGED = [
    "{",
    "[" * 100_000,
    "{}",
    '["text"]',
    "[{}]",
    '[{"action": "promote"}]',
    "\x00",
]
GOOD = {
    "action": "promote",
    "version": "1",
    "sha256": "ab" * 32,
    "from_version": "0",
    "reason": "r",
    "name": "n",
    "at": "2026-11-25T10:00:00+00:00",
    "gate": "",
}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: flip(folder / FILE), "is damaged: its checksum .* models delete 1"),
        (lambda folder: (folder / FILE).unlink(), "keras is missing.* models delete 1"),
        (lambda folder: (folder / "custom_cnn_fixed.json").write_text("{"), "json is damaged.* models delete 1"),
        (lambda folder: (folder / "custom_cnn_fixed.json").unlink(), "json is missing.* models delete 1"),
        (lambda folder: relabel(folder, version="9"), "1 is damaged: its metadata are of version 9.* models delete 1"),
    ],
)
def test_a_damaged_version_is_not_promoted_and_hides_no_other(added, light, damage, message):
    damage(added / "versions" / NAME / "1")
    with pytest.raises(ModelError, match=message):
        promote("1")
    assert current() == "0" and versions.history(NAME) == []
    assert [version for version, _ in shown()][0] == "0" and {version for version, _ in shown()} == {"0", *RUNS}
    promote("2")
    versions.delete(NAME, "1")
    assert shown() == [("0", "ps"), ("3", ""), ("2", "i")]


def test_a_file_that_is_no_model_is_not_promoted(service, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    put_in_service(run, NAME, version="1")
    (run / FILE).write_bytes(b"no model")
    relabel(run, sha256=sha256_of(run / FILE))
    versions.add(NAME, run)
    with pytest.raises(ModelError, match="cannot be loaded .* models delete 1"):
        promote("1")
    assert current() == "0"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: flip(folder / FILE), "its checksum"),
        (lambda folder: (folder / FILE).unlink(), "keras is missing"),
        (lambda folder: (folder / "custom_cnn_fixed.json").unlink(), "json is missing"),
        (lambda folder: relabel(folder, sha256="cd" * 32), "not of the version that was promoted"),
    ],
)
def test_a_damaged_version_in_service_is_never_replaced_in_silence_and_rolls_back(added, light, damage, message):
    promote("1")
    damage(added / "versions" / NAME / "1")
    with pytest.raises(ModelError, match=f"{message}.*python -m brain_core models rollback custom_cnn"):
        read_card(NAME).check()
    assert versions.rollback(NAME, **BY).version == current() == "0"


def test_a_version_in_service_whose_folder_is_gone_is_listed_and_rolls_back(added, light):
    promote("1")
    shutil.rmtree(added / "versions" / NAME / "1")
    with pytest.raises(ModelError, match="custom_cnn_fixed.json is missing.* models rollback custom_cnn"):
        read_card(NAME)
    assert ("1", "ip") in shown()
    versions.rollback(NAME, **BY)
    assert current() == "0" and "1" not in dict(shown())


def test_a_rollback_to_a_damaged_version_leaves_all_as_it_is(added, light):
    promote("1", "2")
    flip(added / "versions" / NAME / "1" / FILE)
    words = (
        r"2 stays in service: the version before cannot be used.*checksum.*Mend it, or move versions/custom_cnn/1 away"
    )
    with pytest.raises(ModelError, match=words):
        versions.rollback(NAME, **BY)
    assert current() == "2" and len(versions.history(NAME)) == 2
    shutil.move(added / "versions" / NAME / "1", added.parent / "away")
    assert versions.rollback(NAME, **BY).version == "0"


def test_a_rollback_to_a_damaged_shipped_version_leaves_all_as_it_is(added, light):
    promote("1")
    flip(added / FILE)
    with pytest.raises(ModelError, match="1 stays in service.*git checkout"):
        versions.rollback(NAME, **BY)
    (added / "custom_cnn_fixed.json").unlink()
    assert shown()[0] == ("unknown", "psp") and current() == "1"


@pytest.mark.parametrize(
    "text",
    DAMAGED
    + [
        json.dumps([GOOD | changes])
        for changes in (
            {"action": "delete"}, {"version": "../1"}, {"version": 1}, {"sha256": "ab"}, {"at": "yesterday"},
            {"reason": ""}, {"name": None}, {"gate": 1}, {"from_version": 0}, {"more": 1},
        )
    ],
)  # fmt: skip
def test_a_damaged_history_is_never_another_model_in_silence(added, made, text):
    file = added / "versions" / f"{NAME}.json"
    file.write_text(text)
    actions = (
        lambda: read_card(NAME),
        lambda: versions.listed(NAME),
        lambda: versions.history(NAME),
        lambda: promote("1"),
        lambda: versions.rollback(NAME, **BY),
        lambda: versions.delete(NAME, "1"),
        lambda: versions.add(NAME, made / "1"),
    )
    for action in actions:
        words = r"versions/custom_cnn\.json, .*is damaged .*Mend it, or move it away to go back to the shipped version"
        with pytest.raises(ModelError, match=words):
            action()
    assert file.read_text() == text
    file.unlink()
    assert current() == "0"


def test_a_disk_that_refuses_is_named(service, made):
    (service / "versions").write_text("a file")
    with pytest.raises(ModelError, match="versions of custom_cnn cannot be written"):
        versions.add(NAME, made / "1")
