"""A reader sees the old content or the new one, never half of it."""

import json
import stat

import pytest

from brain_core.files import replacing, write_json


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
