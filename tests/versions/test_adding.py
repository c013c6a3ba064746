"""What can be added beside the one in service, and what cannot."""

import shutil
from pathlib import Path

import pytest

from brain_core import versions
from brain_core.errors import ModelError
from tests.versions.steps import BY, FILE, NAME, promote, relabel, shown


def test_what_was_deleted_can_be_added_again(added, made, light):
    versions.delete(NAME, "1")
    assert not (added / "versions" / NAME / "1").exists()
    assert versions.add(NAME, made / "1").version == "1"
    promote("1")


def test_adding_what_is_there_returns_it(added, made):
    before = (added / "versions" / NAME / "1").stat().st_ino
    assert versions.add(NAME, made / "1") == versions.find(NAME, "1")
    assert (added / "versions" / NAME / "1").stat().st_ino == before
    assert versions.add(NAME, made / "service").shipped


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "cd" * 32}, "custom_cnn_fixed.keras is damaged: its checksum .* Train it anew"),
        ({"version": "../1"}, r"Version: expected letters, digits and . _ \+ -. Received: '../1'"),
        ({"version": ".hidden"}, "Version: expected letters"),
        ({"version": 7}, "Version: expected letters, .* Received: 7"),
        ({"version": "2"}, "Another Custom CNN 2 is there already: expected checksum"),
        ({"version": "0"}, "Another Custom CNN 0 is there already"),
    ],
)
def test_what_cannot_be_added_leaves_nothing(added, made, tmp_path, changes, message):
    run = shutil.copytree(made / "1", tmp_path / "run")
    relabel(run, **({"version": "4"} | changes))
    before = sorted((added / "versions").rglob("*"))
    with pytest.raises(ModelError, match=message):
        versions.add(NAME, run)
    assert sorted((added / "versions").rglob("*")) == before


def test_a_folder_without_a_model_is_not_added(service, tmp_path):
    with pytest.raises(ModelError, match=r"custom_cnn_fixed\.json is missing.*Train it anew"):
        versions.add(NAME, tmp_path)


def test_a_damaged_version_is_not_taken_for_the_one_to_add(added, made):
    (added / "versions" / NAME / "1" / FILE).unlink()
    with pytest.raises(ModelError, match="1 is there already and cannot be used.*models delete 1"):
        versions.add(NAME, made / "1")


def test_the_shipped_version_may_be_a_copy_of_a_retrained_one(added, made, light):
    promote("1")
    for path in (made / "1").glob("custom_cnn*"):
        shutil.copy(path, added)
    assert shown() == [("1", "ps"), ("3", ""), ("2", ""), ("1", "i")]
    assert versions.rollback(NAME, **BY).version == "1"
    assert shown()[0] == ("1", "is")
    versions.delete(NAME, "1")
    assert len(versions.listed(NAME)) == 3


def test_a_damaged_copy_is_found_before_it_takes_its_name(service, made, monkeypatch):
    def torn(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:-1])

    monkeypatch.setattr(shutil, "copyfile", torn)
    with pytest.raises(ModelError):
        versions.add(NAME, made / "1")
    assert [each.version for each in versions.listed(NAME)] == ["0"]
    assert list((service / "versions" / NAME).iterdir()) == []
