"""Versions of the models: what is listed, what goes in service and back, and what a crash at any moment leaves."""

import json
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
from brain_core.errors import ConfigError, ModelError
from brain_core.operating_points import save
from brain_core.registry import read_card, sha256_of
from brain_core.settings import PROJECT
from tests.helpers import put_in_service, tiny_network

NAME, FILE = "custom_cnn", "custom_cnn_fixed.keras"
BY = {"who": "A. Reader", "reason": "better on the ward's scans"}
GATE = "custom_cnn_fixed.gate.npz"
RUNS = ("1", "2", "3")
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


def promote(*names, **changes):
    return [versions.promote(NAME, name, **(BY | changes)) for name in names][-1]


def current() -> str:
    card = read_card(NAME)
    card.check()
    return card.version


def shown() -> list[tuple[str, str]]:
    """Version and its marks: in service, predecessor, shipped, problem."""
    marks = ("in_service", "predecessor", "shipped", "problem")
    return [(each.version, "".join(mark[0] for mark in marks if getattr(each, mark))) for each in versions.listed(NAME)]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


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


def relabel(folder: Path, **changes) -> None:
    path = folder / "custom_cnn_fixed.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


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


@pytest.mark.parametrize("changes", [{"who": ""}, {"reason": "two\nlines"}, {"gate": "x" * 501}, {"reason": "x" * 301}])
def test_a_text_that_is_not_one_bounded_line_changes_nothing(added, light, changes):
    with pytest.raises(ConfigError, match=r"(Name|Reason|Gate): expected "):
        promote("1", **changes)
    assert versions.history(NAME) == []


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


def test_who_cannot_get_at_the_versions_in_time_is_told(added, monkeypatch, light):
    monkeypatch.setattr(in_service, "PATIENCE", 0.1)
    with (
        FileLock(added / "versions" / f"{NAME}.lock"),
        pytest.raises(ModelError, match="versions of custom_cnn cannot be changed: .* at it for 0.1 seconds"),
    ):
        promote("1")
    assert current() == "0"
    promote("1")


def test_a_disk_that_refuses_is_named(service, made):
    (service / "versions").write_text("a file")
    with pytest.raises(ModelError, match="versions of custom_cnn cannot be written"):
        versions.add(NAME, made / "1")


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


PROMOTER = """
import sys, time
from pathlib import Path
from brain_core import registry, versions
registry.ModelCard.load = registry.ModelCard.check
me, folder = sys.argv[1], Path(sys.argv[2])
(folder / f"{me}.ready").touch()
while not (folder / "go").exists():
    time.sleep(0.001)
for _ in range(10):
    versions.promote("custom_cnn", me, who=me, reason="test")
    versions.promote("custom_cnn", "3" + me, who=me, reason="test")
"""


def test_of_processes_that_promote_at_once_none_is_lost_and_readers_see_a_whole_model(added, made, tmp_path):
    for version in ("31", "32"):
        relabel(shutil.copytree(made / "3", tmp_path / version), version=version)
        versions.add(NAME, tmp_path / version)
    command = [sys.executable, "-c", PROMOTER]
    writers = [subprocess.Popen([*command, me, str(tmp_path)], cwd=PROJECT, env=dict(os.environ)) for me in "12"]
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


CRASHES = """
import json, os, shutil, signal, sys
from pathlib import Path
from brain_core import registry, versions

registry.ModelCard.load = registry.ModelCard.check
folder, made, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
BY = {"who": "n", "reason": "r"}
STEPS = [(os, "replace"), (os, "rename"), (os, "fsync"), (os, "unlink"), (os, "rmdir"), (os, "mkdir"), (os, "chmod")]
ACTIONS = {
    "promote": lambda at: versions.promote("custom_cnn", "2", models_dir=at, **BY),
    "rollback": lambda at: versions.rollback("custom_cnn", models_dir=at, **BY),
    "add": lambda at: versions.add("custom_cnn", made / "3", models_dir=at),
    "delete": lambda at: versions.delete("custom_cnn", "2", models_dir=at),
}

def die_at(last):
    count = 0
    def counted(call, half):
        def step(*args, **options):
            nonlocal count
            count += 1
            if count == last:
                half(*args)
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)
        return step
    for module, name in STEPS:
        setattr(module, name, counted(getattr(module, name), lambda *_: None))
    copy = lambda source, target: Path(target).write_bytes(Path(source).read_bytes()[:1000])
    shutil.copyfile = counted(shutil.copyfile, copy)
    write = Path.write_text
    Path.write_text = counted(write, lambda path, text: write(path, text[: len(text) // 2]))

for moment in range(1, 100):
    at = shutil.copytree(folder, folder.parent / f"{what}-{moment}")
    child = os.fork()
    if not child:
        die_at(moment)
        ACTIONS[what](at)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status == 0:
        print(moment - 1)
        sys.exit()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
sys.exit("it never came to an end")
"""


@pytest.fixture
def crashed(added, made):
    """``crashed(action)``: copies of the folder of models, each after an action killed one step later than the last.

    In all of them version 1 was in service; the last one is of an action that came to its end.
    """

    def crash(what: str, versions_there: str = "12") -> list[Path]:
        for version in set(RUNS) - set(versions_there):
            versions.delete(NAME, version)
        command = [sys.executable, "-c", CRASHES, str(added), str(made), what]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
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


def test_a_damaged_copy_is_found_before_it_takes_its_name(service, made, monkeypatch):
    def torn(source, target):
        Path(target).write_bytes(Path(source).read_bytes()[:-1])

    monkeypatch.setattr(shutil, "copyfile", torn)
    with pytest.raises(ModelError):
        versions.add(NAME, made / "1")
    assert [each.version for each in versions.listed(NAME)] == ["0"]
    assert list((service / "versions" / NAME).iterdir()) == []
