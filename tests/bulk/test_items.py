"""What a file is known by, and the work that is left."""

import pytest

from brain_core.bulk import items
from brain_core.bulk.items import Item, Seen, Work


@pytest.mark.parametrize(
    ("source", "path", "location"),
    [
        ("/data", "a/1.png", "/data/a/1.png"),
        ("s3://bucket/set", "a/1.png", "s3://bucket/set/a/1.png"),
        ("/data", "/other/1.png", "/other/1.png"),
        ("/data", "s3://bucket/1.png", "s3://bucket/1.png"),
        ("/", "1.png", "/1.png"),
        ("memory://", "1.png", "memory://1.png"),
    ],
)
def test_a_relative_path_is_of_its_source(source, path, location):
    assert Item(source, path).location == location


@pytest.mark.parametrize(
    ("source", "path", "identity"),
    [
        ("/data", "./b.png", "/data/b.png"),
        ("/data", "a//../b.png", "/data/b.png"),
        ("/data", "/data/./b.png", "/data/b.png"),
        ("/data/set", "../b.png", "/data/b.png"),
        ("s3://bucket/set", "./a//b.png", "s3://bucket/set/a/b.png"),
        ("memory://", "./b.png", "memory://b.png"),
        ("/data", "s3://bucket//b.png", "s3://bucket//b.png"),
        ("/data", "\udce9/b.png", r"/data/\udce9/b.png"),
        ("/data", r"\udce9/b.png", r"/data/\udce9/b.png"),
    ],
)
def test_a_file_is_known_by_one_spelling(source, path, identity):
    assert Item(source, path).identity == identity


def test_a_file_is_opened_as_it_is_spelled():
    assert Item("/data", "link/../b.png").place.address == "/data/link/../b.png"  # the link may lead elsewhere


def test_what_was_added_is_not_new_before_and_after_sorting_in(monkeypatch):
    monkeypatch.setattr(items, "FRESH", 10)
    seen = Seen()
    assert all(seen.add(Item("/data", f"{n}.png")) for n in range(995))
    assert not any(seen.add(Item("/data", f"{n}.png")) for n in range(995))
    assert seen.add(Item("/other", "1.png"))
    assert Item("/data", "./1.png") in seen and Item("/other", "2.png") not in seen
    assert len(seen) == 996


def test_a_hash_takes_16_bytes(monkeypatch):
    monkeypatch.setattr(items, "FRESH", 100)
    seen = Seen()
    for n in range(1000):
        seen.add(Item("/data", str(n)))
    assert seen._sorted.nbytes == 16_000
    assert not seen._fresh


def test_shards_leave_out_what_is_known_and_what_comes_twice():
    seen = Seen()
    seen.add(Item("/d", "1"))
    work = Work([Item("/d", n) for n in "0123421"], seen, 3)
    assert [[item.path for item in shard] for shard in work] == [["0", "2", "3"], ["4"]]
    assert work.skipped == 3
