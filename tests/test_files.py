"""A reader sees the old content or the new one, never half of it."""

import errno
import json
import os
import stat

import pytest

from brain_core.files import creating_folder, remove_folder, remove_hidden, replacing, write_json


@pytest.fixture
def steps(monkeypatch):
    """What reaches the disk, in order: ``("sync", inode)`` and ``("replace", inode)``."""
    found = []
    sync, replace = os.fsync, os.replace

    def syncing(handle):
        found.append(("sync", os.fstat(handle).st_ino))
        sync(handle)

    def replaced(old, new):
        found.append(("replace", os.stat(old).st_ino))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replaced)
    return found


def test_the_file_appears_when_the_block_ends_and_nothing_else_remains(tmp_path):
    path = tmp_path / "new" / "model.keras"
    with replacing(path) as temporary:
        temporary.write_bytes(b"weights")
        assert not path.exists()
        assert temporary.parent == path.parent  # one file system, so that the replacement is atomic
        assert temporary.suffix == ".keras"  # Keras decides by the suffix
    assert path.read_bytes() == b"weights"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_who_is_reading_goes_on_reading_the_old_content(tmp_path):
    path = tmp_path / "model.json"
    write_json(path, "old")
    with path.open() as reader:
        write_json(path, "new")
        assert reader.read() == '"old"\n'
    assert path.read_text() == '"new"\n'


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_keeps_the_old_content_and_leaves_no_temporary_file(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_readable_text_and_replaces(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    write_json(path, {"größe": [1, 2.5, None]})
    text = path.read_text(encoding="utf-8")
    assert "größe" in text and text.endswith("}\n")
    assert json.loads(text) == {"größe": [1, 2.5, None]}


def test_a_value_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, 1)
    with pytest.raises(TypeError):
        write_json(path, {"set": {1}})
    assert path.read_text() == "1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_swap_and_the_swap_before_the_end(tmp_path, steps):
    path = tmp_path / "a.json"
    write_json(path, 1)
    file, folder = path.stat().st_ino, tmp_path.stat().st_ino
    assert steps == [("sync", file), ("replace", file), ("sync", folder)]


def test_the_names_of_new_folders_are_on_the_disk_too(tmp_path, steps):
    write_json(tmp_path / "new" / "newer" / "a.json", 1)
    parents = [("sync", folder.stat().st_ino) for folder in (tmp_path / "new", tmp_path)]
    assert steps[:2] == parents
    assert len(steps) == 5


def test_a_drive_that_cannot_sync_folders_is_good_enough(tmp_path, monkeypatch):
    sync = os.fsync

    def files_only(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(handle)

    monkeypatch.setattr(os, "fsync", files_only)
    write_json(tmp_path / "a.json", 1)
    assert (tmp_path / "a.json").read_text() == "1\n"


def test_a_disk_that_loses_the_content_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, 1)

    def fails(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="Input/output error"):
        write_json(path, 2)
    assert path.read_text() == "1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_whole_when_the_block_ends(tmp_path, steps):
    path = tmp_path / "new" / "folder"
    with creating_folder(path) as part:
        (part / "a").write_text("a")
        assert part.parent == path.parent and part.name.startswith(".")
        assert not path.exists()
    assert [each.name for each in path.iterdir()] == ["a"] and list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    inodes = [each.stat().st_ino for each in (path / "a", path, path, path.parent)]
    assert steps[-4:] == list(zip(["sync", "sync", "replace", "sync"], inodes, strict=True))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_nothing(tmp_path, error):
    with pytest.raises(error), creating_folder(tmp_path / "folder") as part:
        (part / "a").write_text("a")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("old")
    with pytest.raises(OSError), creating_folder(tmp_path / "folder") as part:
        (part / "a").write_text("new")
    assert (tmp_path / "folder" / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_is_hidden_before_it_is_removed(tmp_path, monkeypatch):
    with creating_folder(tmp_path / "folder") as part:
        (part / "a").write_text("a")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)  # as after a crash
        remove_folder(tmp_path / "folder")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".part-")
    remove_hidden(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_what_begins_so_is_removed(tmp_path):
    for name in (".model-1.json", ".other-1.json", "model.json"):
        (tmp_path / name).write_text("")
    remove_hidden(tmp_path, ".model-")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other-1.json", "model.json"]
    remove_hidden(tmp_path / "none")
