"""What is listed, goes in service and comes back."""

import shutil

import pytest

from brain_core import versions
from brain_core.errors import ConfigError, ModelError
from brain_core.operating_points import save
from brain_core.registry import read_card, sha256_of
from tests.helpers import put_in_service
from tests.versions.steps import BY, FILE, GATE, NAME, current, promote, shown


def test_where_nothing_was_retrained_the_shipped_version_is_in_service(service):
    (only,) = versions.listed(NAME)
    assert (only.version, only.folder, only.shipped, only.in_service) == ("0", service, True, True)
    assert (only.predecessor, only.problem, only.created) == (False, None, "2026-12-01T10:00:00+00:00")
    assert versions.history(NAME) == []
    assert not (service / "versions").exists()


def test_what_was_added_is_listed_newest_first_and_not_in_service(added, made):
    assert shown() == [("0", "is"), ("3", ""), ("2", ""), ("1", "")]
    folder = added / "versions" / NAME / "1"
    assert {path.name for path in folder.iterdir()} == {FILE, "custom_cnn_fixed.json", GATE, "comparison.json"}
    assert (folder / FILE).read_bytes() == (made / "1" / FILE).read_bytes()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert versions.find(NAME, "2").sha256 == sha256_of(made / "2" / FILE)
    assert current() == "0"


def test_promoting_and_rolling_back_ends_at_the_shipped_version(added):
    shipped = {path: path.read_bytes() for path in added.glob("*.*")}
    change = promote("1", gate="passed: AUC 0.9")
    assert (change.action, change.version, change.from_version, change.name) == ("promote", "1", "0", "A. Reader")
    assert (change.reason, change.gate) == ("better on the ward's scans", "passed: AUC 0.9")
    assert change.sha256 == read_card(NAME).sha256
    assert read_card(NAME).path == added / "versions" / NAME / "1" / FILE
    assert read_card(NAME).load().count_params() > 0
    promote("3")
    assert shown() == [("0", "s"), ("3", "i"), ("2", ""), ("1", "p")]
    assert versions.rollback(NAME, **BY).version == current() == "1"
    assert shown() == [("0", "ps"), ("3", ""), ("2", ""), ("1", "i")]
    promote("2")
    assert [versions.rollback(NAME, **BY).version for _ in range(2)] == ["1", "0"]
    assert current() == "0" and read_card(NAME).path.parent == added
    with pytest.raises(ModelError, match="Custom CNN 0: the shipped version is in service already"):
        versions.rollback(NAME, **BY)
    assert [(each.action, each.from_version, each.version) for each in versions.history(NAME)] == [
        ("promote", "0", "1"), ("promote", "1", "3"), ("rollback", "3", "1"), ("promote", "1", "2"),
        ("rollback", "2", "1"), ("rollback", "1", "0"),
    ]  # fmt: skip
    assert {path: path.read_bytes() for path in added.glob("*.*")} == shipped


def test_a_version_that_was_in_service_twice_comes_back_twice(added, light):
    promote("1", "2", "1", "3")
    assert [versions.rollback(NAME, **BY).version for _ in range(4)] == ["1", "2", "1", "0"]


def test_the_models_do_not_mix(added, light, made):
    put_in_service(added, "resnet50", version="0")
    promote("1")
    assert read_card("resnet50").version == "0"
    assert [each.version for each in versions.listed("resnet50")] == ["0"]
    assert versions.find_any("1").name == NAME
    with pytest.raises(ModelError, match="Version 0 is one of custom_cnn and resnet50: say which model"):
        versions.find_any("0")


@pytest.mark.parametrize("action", [versions.listed, versions.history, lambda name: versions.find(name, "1")])
def test_an_unknown_model_is_named(service, action):
    with pytest.raises(ModelError, match="expected one of custom_cnn, resnet50. Received: 'vgg'"):
        action("vgg")


@pytest.mark.parametrize("version", ["4", "", ".", "..", "../custom_cnn/1", "1/", ".part-x"])
def test_an_unknown_version_is_named(added, version):
    for action in (versions.find, versions.delete, lambda name, version: promote(version)):
        with pytest.raises(ModelError, match="Version of Custom CNN: expected one of 0, 3, 2, 1. Received: '"):
            action(NAME, version)
    with pytest.raises(ModelError, match=f"Received: '{version}'"):
        versions.find_any(version)
    assert len(versions.listed(NAME)) == 4


def test_a_version_with_saved_operating_points_has_its_own(added, light):
    save(versions.find(NAME, "1").card(), 0.2, rule="by hand", fitted_on="nothing", reason="r", name="n")
    assert read_card(NAME).operating_point.threshold == 0.4
    promote("1")
    assert read_card(NAME).operating_point.threshold == 0.2


def test_promoting_what_is_in_service_or_shipped_is_refused(added, light):
    with pytest.raises(ModelError, match="Custom CNN 0 is in service already"):
        promote("0")
    promote("1")
    with pytest.raises(ModelError, match="Custom CNN 1 is in service already"):
        promote("1")
    with pytest.raises(ModelError, match="0 is the shipped version: it comes back by rolling back"):
        promote("0")
    assert len(versions.history(NAME)) == 1


def test_who_saw_another_version_in_service_is_told(added, light):
    promote("1", seen="0")
    for action in (lambda: promote("2", seen="0"), lambda: versions.rollback(NAME, seen="0", **BY)):
        with pytest.raises(ModelError, match="changed meanwhile: expected 0 in service. In service: 1"):
            action()
    assert current() == "1"
    versions.rollback(NAME, seen="1", **BY)
    with pytest.raises(ModelError, match="expected 1 in service. In service: 0"):
        versions.rollback(NAME, seen="1", **BY)


def test_what_changes_while_a_version_is_tried_out_is_noticed(added, monkeypatch):
    def meanwhile(action):
        def load(card):
            monkeypatch.setattr("brain_core.registry.ModelCard.load", lambda card: card.check())
            action()

        monkeypatch.setattr("brain_core.registry.ModelCard.load", load)

    meanwhile(lambda: promote("1"))
    assert promote("2").from_version == "1"
    meanwhile(lambda: promote("3"))
    with pytest.raises(ModelError, match="has changed meanwhile: 3 is in service. Try again"):
        versions.rollback(NAME, **BY)
    versions.rollback(NAME, **BY)
    versions.rollback(NAME, **BY)
    meanwhile(lambda: versions.delete(NAME, "3"))
    with pytest.raises(ModelError, match="expected one of 0, 2, 1. Received: '3'"):
        promote("3")
    meanwhile(lambda: promote("2"))
    with pytest.raises(ModelError, match="2 is in service already"):
        promote("2")
    assert current() == "2"


@pytest.mark.parametrize("changes", [{"who": ""}, {"reason": "two\nlines"}, {"gate": "x" * 501}, {"reason": "x" * 301}])
def test_a_text_that_is_not_one_bounded_line_changes_nothing(added, light, changes):
    with pytest.raises(ConfigError, match=r"(Name|Reason|Gate): expected "):
        promote("1", **changes)
    assert versions.history(NAME) == []


def test_where_nothing_is_shipped_a_version_can_go_in_service(added, light):
    for path in added.glob("*.*"):
        path.unlink()
    assert promote("1").from_version is None
    assert current() == "1"


def test_a_rollback_passes_over_what_was_deleted(added, light):
    promote("1", "2", "3")
    for version, why in (("0", "shipped"), ("3", "in service"), ("2", "what a rollback brings")):
        with pytest.raises(ModelError, match=f"Custom CNN {version} cannot be deleted: it is {why}"):
            versions.delete(NAME, version)
    versions.delete(NAME, "1")
    assert shown() == [("0", "s"), ("3", "i"), ("2", "p")]
    assert versions.rollback(NAME, **BY).version == current() == "2"
    assert shown() == [("0", "ps"), ("3", ""), ("2", "i")]
    promote("3")
    assert versions.rollback(NAME, **BY).version == "2"
    assert versions.rollback(NAME, **BY).version == current() == "0"
    assert len(versions.history(NAME)) == 7


def test_a_rollback_passes_over_a_deleted_version_between_two(added, light):
    promote("1", "2", "3", "1")
    assert dict(shown()) == {"0": "s", "3": "p", "2": "", "1": "i"}
    versions.delete(NAME, "2")
    assert [versions.rollback(NAME, **BY).version for _ in range(3)] == ["3", "1", "0"]


def test_a_rollback_never_goes_from_a_version_to_itself(added, light):
    promote("1", "2", "1")
    shutil.rmtree(added / "versions" / NAME / "2")
    assert dict(shown()) == {"0": "ps", "3": "", "1": "i"}
    assert versions.rollback(NAME, **BY).version == current() == "0"
