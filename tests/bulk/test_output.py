"""Part files: whole, named by what is in them, and each file's rows once."""

import os

import pyarrow.parquet
import pytest

from brain_core.bulk.items import Item, Seen
from brain_core.bulk.output import Partition
from brain_core.bulk.schema import SCHEMA
from brain_core.errors import ConfigError, ResultsError


def row(path: str, **more) -> dict:
    return {"source": "/d", "path": path, **more}


@pytest.fixture
def partition(tmp_path, service) -> Partition:
    return Partition.of(str(tmp_path / "out"), service)


def listed(*paths: str) -> Seen:
    return Seen(Item("/d", path) for path in paths)


def parts(partition) -> list[str]:
    return sorted(os.listdir(partition.folder.path))


def test_the_same_items_replace_their_own_file(partition):
    items = [Item("/d", "1.png"), Item("/d", "2.png")]
    first = partition.write(items, [row("1.png"), row("2.png", error="bad")])
    assert partition.write(items, [row("1.png"), row("2.png")]) == first
    assert partition.write(items[:1], [row("1.png")]) != first
    table = pyarrow.parquet.read_table(partition.folder.child(first).path, partitioning=None)
    assert table.schema == SCHEMA
    assert table.column("error").null_count == 2


def test_a_writer_that_dies_leaves_what_was_there(partition, monkeypatch):
    items = [Item("/d", "1.png")]
    name = partition.write(items, [row("1.png")])
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        partition.write(items, [row("1.png", error="bad")])
    assert parts(partition) == [name]
    assert partition.seen()[1] == 0


def test_what_killed_writers_left_is_removed_and_never_read(partition):
    name = partition.write([Item("/d", "1.png")], [row("1.png")])
    (partition.folder.local / ".part-1-x.parquet").write_bytes(b"half")
    assert len(partition.seen()[0]) == 1
    with partition.alone():
        assert parts(partition) == [name]


def test_a_file_with_an_error_is_forgotten_with_all_its_slices(partition):
    mixed = partition.write(
        [Item("/d", "1.nii"), Item("/d", "2.png")],
        [row("1.nii", slice=1), row("1.nii", slice=2, error="flat"), row("2.png")],
    )
    partition.write([Item("/d", "3.png")], [row("3.png", error="bad")])
    untouched = partition.write([Item("/d", "4.png")], [row("4.png")])
    written = (partition.folder.local / untouched).stat().st_mtime_ns
    assert partition.seen()[1] == 2
    everything = listed("1.nii", "2.png", "3.png", "4.png")
    assert partition.drop_errors(everything) == 2
    assert parts(partition) == sorted([mixed, untouched])
    assert pyarrow.parquet.read_table(partition.folder.child(mixed).path).column("path").to_pylist() == ["2.png"]
    assert (partition.folder.local / untouched).stat().st_mtime_ns == written
    seen, errors = partition.seen()
    assert (len(seen), errors) == (2, 0)
    assert partition.drop_errors(everything) == 0


def test_what_is_not_listed_keeps_its_rows_with_an_error_and_those_beside_it(partition):
    mixed = partition.write(
        [Item("/d", "1.nii"), Item("/d", "2.png"), Item("/d", "./3.png")],
        [
            row("1.nii", slice=1),
            row("1.nii", slice=2, error="flat"),
            row("2.png", error="a"),
            row("./3.png", error="b"),
        ],
    )
    alone = partition.write([Item("/d", "4.png")], [row("4.png", error="c")])
    assert partition.drop_errors(listed("2.png", "3.png")) == 2
    assert parts(partition) == sorted([mixed, alone])
    left = pyarrow.parquet.read_table(partition.folder.child(mixed).path).to_pylist()
    assert [(each["path"], each["slice"], each["error"]) for each in left] == [
        ("1.nii", 1, None),
        ("1.nii", 2, "flat"),
    ]
    assert partition.seen()[1] == 2


def test_a_damaged_part_is_named(partition):
    partition.write([Item("/d", "1.png")], [row("1.png")])
    (partition.folder.local / "part-0.parquet").write_bytes(b"half of a file")
    for read in (partition.seen, lambda: partition.drop_errors(listed("1.png"))):
        with pytest.raises(ResultsError, match=r"part-0.parquet: expected Parquet"):
            read()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, service):
    (tmp_path / "out").write_text("")
    with pytest.raises(ConfigError, match="out: expected a folder; it is a file"):
        Partition.of(str(tmp_path / "out"), service)


def test_a_folder_that_no_reader_could_open_is_refused_before_anything_is_scored(tmp_path, service):
    with pytest.raises(ConfigError, match=r"--out: expected a path in UTF-8\. Received: /.*/\\udce9\."):
        Partition.of(str(tmp_path / "\udce9"), service)


def test_two_runs_at_once_are_refused(partition):
    with partition.alone(), pytest.raises(ConfigError, match="another run writes there"), partition.alone():
        pass
    with partition.alone():
        pass
